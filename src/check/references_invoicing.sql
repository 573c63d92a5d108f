-- What invoices and credit notes refer to exists in their organization and belongs to the same order.
SELECT 'invoice.order' AS reference, i.organization_id, i.id AS row_id, i.order_id::text AS missing FROM invoice i
WHERE NOT EXISTS (
  SELECT 1 FROM sales_order o WHERE o.organization_id = i.organization_id AND o.id = i.order_id AND o.bill_to_customer_id = i.customer_id)
UNION ALL
SELECT 'invoice_line.invoice', l.organization_id, l.id, l.invoice_id::text FROM invoice_line l
WHERE NOT EXISTS (
  SELECT 1 FROM invoice i WHERE i.organization_id = l.organization_id AND i.id = l.invoice_id AND i.order_id = l.order_id)
UNION ALL
SELECT 'invoice_line.order_line', i.organization_id, i.id, i.order_line_id::text FROM invoice_line i
WHERE i.order_line_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM order_line l WHERE l.organization_id = i.organization_id AND l.order_id = i.order_id
    AND l.line_number = i.order_line_number AND l.id = i.order_line_id AND l.sku = i.sku)
UNION ALL
SELECT 'invoice_line.shipment_id', l.organization_id, l.id, l.shipment_id::text FROM invoice_line l
WHERE l.shipment_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM shipment_line s WHERE s.organization_id = l.organization_id AND s.shipment_id = l.shipment_id
    AND s.order_id = l.order_id AND s.line_number = l.order_line_number)
UNION ALL
SELECT 'credit_note.invoice', n.organization_id, n.id, n.invoice_id::text FROM credit_note n
WHERE NOT EXISTS (
  SELECT 1 FROM invoice i WHERE i.organization_id = n.organization_id AND i.id = n.invoice_id
    AND i.order_id = n.order_id AND i.customer_id = n.customer_id)
UNION ALL
SELECT 'credit_note_line.invoice_line', l.organization_id, l.id, n.invoice_id || '/' || l.invoice_line_number FROM credit_note_line l
LEFT JOIN credit_note n ON n.organization_id = l.organization_id AND n.id = l.credit_note_id
WHERE NOT EXISTS (
  SELECT 1 FROM invoice_line i WHERE i.organization_id = n.organization_id AND i.invoice_id = n.invoice_id
    AND i.line_number = l.invoice_line_number AND i.order_line_id IS NOT DISTINCT FROM l.order_line_id)
UNION ALL
SELECT 'invoice_line.prepayment_invoice', l.organization_id, l.id, l.prepayment_invoice_id::text FROM invoice_line l
WHERE l.prepayment_invoice_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM invoice i WHERE i.organization_id = l.organization_id AND i.id = l.prepayment_invoice_id
    AND i.order_id = l.order_id AND i.kind = 'prepayment')
