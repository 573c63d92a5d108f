-- An invoice that was issued in the place of another one is the credit note that took that back: of the same order, to the minor unit and
-- unit of quantity, and nothing is left of the other one.
SELECT n.organization_id, n.id AS credit_note_id, n.number AS credit_note, n.invoice_id, n.replaced_by_invoice_id, n.total, s.total AS total_of_successor,
  r.total AS total_of_replaced, r.amount_credited, k.quantity, l.quantity AS quantity_of_successor
FROM credit_note n
LEFT JOIN invoice r ON r.organization_id = n.organization_id AND r.id = n.invoice_id
LEFT JOIN invoice s ON s.organization_id = n.organization_id AND s.id = n.replaced_by_invoice_id
LEFT JOIN LATERAL (SELECT sum(quantity) AS quantity FROM credit_note_line
  WHERE organization_id = n.organization_id AND credit_note_id = n.id) k ON true
LEFT JOIN LATERAL (SELECT sum(quantity) AS quantity FROM invoice_line
  WHERE organization_id = n.organization_id AND invoice_id = n.replaced_by_invoice_id) l ON true
WHERE n.replaced_by_invoice_id IS NOT NULL
  AND (n.total, n.tax_total, n.order_id, k.quantity, r.replaced_by_invoice_id, r.amount_credited)
    IS DISTINCT FROM (s.total, s.tax_total, s.order_id, l.quantity, s.id, r.total)
UNION ALL
SELECT r.organization_id, NULL, NULL, r.id, r.replaced_by_invoice_id, NULL, NULL, r.total, r.amount_credited, NULL, NULL
FROM invoice r
WHERE r.replaced_by_invoice_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM credit_note n WHERE n.organization_id = r.organization_id AND n.invoice_id = r.id
    AND n.replaced_by_invoice_id = r.replaced_by_invoice_id)
