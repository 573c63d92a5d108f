-- What an invoice line counts as credited stands on the credit notes of its invoice, within what was invoiced. A sum of money (a
-- prepayment or its deduction) counts as credited once all of its amount is, and never more of it is.
SELECT l.organization_id, l.invoice_id, l.line_number, l.quantity, l.credited_quantity, c.credited AS credited_by_credit_notes
FROM invoice_line l
LEFT JOIN (
  SELECT n.organization_id, n.invoice_id, l.invoice_line_number AS line_number, sum(l.quantity) AS credited, sum(l.net_amount) AS net,
    sum(l.tax_amount) AS tax
  FROM credit_note_line l
  JOIN credit_note n ON n.organization_id = l.organization_id AND n.id = l.credit_note_id
  WHERE l.quantity > 0
  GROUP BY 1, 2, 3
) c USING (organization_id, invoice_id, line_number)
WHERE NOT (l.credited_quantity BETWEEN 0 AND l.quantity)
  OR (l.order_line_id IS NOT NULL AND l.credited_quantity <> coalesce(c.credited, 0))
  OR (l.order_line_id IS NULL AND ((l.credited_quantity = l.quantity)
      <> (l.net_amount = coalesce(c.net, 0) AND l.tax_amount = coalesce(c.tax, 0))
    OR abs(coalesce(c.net, 0)) > abs(l.net_amount) OR abs(coalesce(c.tax, 0)) > abs(l.tax_amount)))
