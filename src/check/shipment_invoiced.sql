-- No shipped unit is invoiced twice: a shipment's invoiced quantity covers the invoice lines that name it, and together the
-- shipments of a line never count more than the line.
SELECT s.organization_id, s.order_id, s.shipment_id, s.line_number, s.quantity, s.invoiced, i.invoiced AS invoiced_by_invoices,
  NULL::numeric AS invoiced_of_line
FROM shipment_line s
JOIN (
  SELECT organization_id, shipment_id, line_number, sum(quantity) AS invoiced FROM (
    SELECT organization_id, shipment_id, order_line_number AS line_number, quantity FROM invoice_line WHERE shipment_id IS NOT NULL
    UNION ALL
    SELECT l.organization_id, l.shipment_id, l.order_line_number, -k.quantity
    FROM credit_note n
    JOIN credit_note_line k ON k.organization_id = n.organization_id AND k.credit_note_id = n.id
    JOIN invoice_line l ON l.organization_id = n.organization_id AND l.invoice_id = n.invoice_id AND l.line_number = k.invoice_line_number
    WHERE n.replaced_by_invoice_id IS NOT NULL AND l.shipment_id IS NOT NULL
  ) d GROUP BY 1, 2, 3
) i USING (organization_id, shipment_id, line_number)
WHERE i.invoiced > s.invoiced
UNION ALL
SELECT l.organization_id, l.order_id, NULL, l.line_number, NULL, s.invoiced, NULL, l.invoiced
FROM order_line l
JOIN (SELECT organization_id, order_id, line_number, sum(invoiced) AS invoiced FROM shipment_line GROUP BY 1, 2, 3) s
  USING (organization_id, order_id, line_number)
WHERE s.invoiced > l.invoiced
