-- What a line counts as invoiced stands on its invoices.
SELECT organization_id, order_id, line_number, l.invoiced, i.invoiced AS invoiced_by_invoices
FROM order_line l
FULL JOIN (
  SELECT organization_id, order_id, order_line_number AS line_number, sum(quantity) AS invoiced FROM invoice_line WHERE order_line_id IS NOT NULL GROUP BY 1, 2, 3
) i USING (organization_id, order_id, line_number)
WHERE l.invoiced IS DISTINCT FROM coalesce(i.invoiced, 0)
