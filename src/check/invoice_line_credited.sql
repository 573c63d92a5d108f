-- What an invoice line counts as credited stands on the credit notes of its invoice, within what was invoiced.
SELECT l.organization_id, l.invoice_id, l.line_number, l.quantity, l.credited_quantity, c.credited AS credited_by_credit_notes
FROM invoice_line l
LEFT JOIN (
  SELECT n.organization_id, n.invoice_id, l.invoice_line_number AS line_number, sum(l.quantity) AS credited
  FROM credit_note_line l
  JOIN credit_note n ON n.organization_id = l.organization_id AND n.id = l.credit_note_id
  WHERE l.quantity > 0
  GROUP BY 1, 2, 3
) c USING (organization_id, invoice_id, line_number)
WHERE l.credited_quantity <> coalesce(c.credited, 0) OR NOT (l.credited_quantity BETWEEN 0 AND l.quantity)
