-- What a line counts as credited stands on credit notes of its order, without what was issued anew.
SELECT l.organization_id, l.order_id, l.line_number, l.credited, c.credited AS credited_by_credit_notes
FROM order_line l
LEFT JOIN (
  SELECT n.organization_id, n.order_id, l.order_line_id, sum(l.quantity) AS credited
  FROM credit_note_line l
  JOIN credit_note n ON n.organization_id = l.organization_id AND n.id = l.credit_note_id
  WHERE l.quantity > 0 AND n.replaced_by_invoice_id IS NULL
  GROUP BY 1, 2, 3
) c ON c.organization_id = l.organization_id AND c.order_id = l.order_id AND c.order_line_id = l.id
WHERE l.credited <> coalesce(c.credited, 0)
