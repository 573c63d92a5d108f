-- What returns refer to exists in their organization and belongs to the same order.
SELECT 'sales_return.order' AS reference, r.organization_id, r.id AS row_id, r.order_id::text AS missing FROM sales_return r
WHERE NOT EXISTS (
  SELECT 1 FROM sales_order o WHERE o.organization_id = r.organization_id AND o.id = r.order_id AND o.customer_id = r.customer_id
    AND o.currency = r.currency)
UNION ALL
SELECT 'sales_return.shipment', r.organization_id, r.id, r.shipment_id::text FROM sales_return r
WHERE r.shipment_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM shipment s WHERE s.organization_id = r.organization_id AND s.id = r.shipment_id AND s.order_id = r.order_id)
UNION ALL
SELECT 'sales_return.replacement_order', r.organization_id, r.id, r.replacement_order_id::text FROM sales_return r
WHERE r.replacement_order_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM sales_order o WHERE o.organization_id = r.organization_id AND o.id = r.replacement_order_id)
UNION ALL
SELECT 'sales_return_line.return', l.organization_id, l.id, l.return_id::text FROM sales_return_line l
WHERE NOT EXISTS (
  SELECT 1 FROM sales_return r WHERE r.organization_id = l.organization_id AND r.id = l.return_id AND r.order_id = l.order_id)
UNION ALL
SELECT 'sales_return_line.order_line', l.organization_id, l.id, l.order_line_id::text FROM sales_return_line l
WHERE NOT EXISTS (
  SELECT 1 FROM order_line o WHERE o.organization_id = l.organization_id AND o.order_id = l.order_id
    AND o.line_number = l.line_number AND o.id = l.order_line_id AND o.sku = l.sku)
