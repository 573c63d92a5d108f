-- No shipped unit is invoiced twice: a shipment's invoiced quantity covers the invoice lines that name it, and together the
-- shipments of a line never count more than the line.
SELECT s.organization_id, s.order_id, s.shipment_id, s.line_number, s.quantity, s.invoiced, i.invoiced AS invoiced_by_invoices,
  NULL::numeric AS invoiced_of_line
FROM shipment_line s
JOIN (
  SELECT organization_id, shipment_id, order_line_number AS line_number, sum(quantity) AS invoiced
  FROM invoice_line WHERE shipment_id IS NOT NULL GROUP BY 1, 2, 3
) i USING (organization_id, shipment_id, line_number)
WHERE i.invoiced > s.invoiced
UNION ALL
SELECT l.organization_id, l.order_id, NULL, l.line_number, NULL, s.invoiced, NULL, l.invoiced
FROM order_line l
JOIN (SELECT organization_id, order_id, line_number, sum(invoiced) AS invoiced FROM shipment_line GROUP BY 1, 2, 3) s
  USING (organization_id, order_id, line_number)
WHERE s.invoiced > l.invoiced
