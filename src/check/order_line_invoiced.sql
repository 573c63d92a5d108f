-- What a line counts as invoiced stands on its invoices, of which what was credited to be issued anew stands there once.
SELECT organization_id, order_id, line_number, l.invoiced, i.invoiced AS invoiced_by_invoices
FROM order_line l
FULL JOIN (
  SELECT organization_id, order_id, line_number, sum(quantity) AS invoiced FROM (
    SELECT organization_id, order_id, order_line_number AS line_number, quantity FROM invoice_line WHERE order_line_id IS NOT NULL
    UNION ALL
    SELECT l.organization_id, l.order_id, l.order_line_number, -k.quantity
    FROM credit_note n
    JOIN credit_note_line k ON k.organization_id = n.organization_id AND k.credit_note_id = n.id
    JOIN invoice_line l ON l.organization_id = n.organization_id AND l.invoice_id = n.invoice_id AND l.line_number = k.invoice_line_number
    WHERE n.replaced_by_invoice_id IS NOT NULL AND k.order_line_id IS NOT NULL
  ) d GROUP BY 1, 2, 3
) i USING (organization_id, order_id, line_number)
WHERE l.invoiced IS DISTINCT FROM coalesce(i.invoiced, 0)
