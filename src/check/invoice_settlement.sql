-- What an invoice counts as paid and credited is the sum of its payment allocations, adjustments included, and credit notes, within its total, and
-- its status says so.
SELECT i.organization_id, i.id AS invoice_id, i.number, i.status, i.total, i.amount_paid, p.amount AS amount_of_allocations,
  i.amount_credited, c.total AS total_of_credit_notes
FROM invoice i
LEFT JOIN (SELECT organization_id, invoice_id, sum(amount + adjusted) AS amount FROM payment_allocation GROUP BY 1, 2) p
  ON p.organization_id = i.organization_id AND p.invoice_id = i.id
LEFT JOIN (SELECT organization_id, invoice_id, sum(total) AS total FROM credit_note GROUP BY 1, 2) c
  ON c.organization_id = i.organization_id AND c.invoice_id = i.id
WHERE i.amount_paid <> coalesce(p.amount, 0)
  OR i.amount_credited <> coalesce(c.total, 0)
  OR NOT (i.amount_paid BETWEEN 0 AND i.total AND i.amount_credited BETWEEN 0 AND i.total)
  OR (i.status = 'issued' AND i.amount_paid > 0 AND i.total > 0)
  OR (i.status IN ('issued', 'partially_paid') AND i.total > 0 AND i.amount_paid + i.amount_credited >= i.total)
  OR (i.status IN ('paid', 'credited') AND i.amount_paid + i.amount_credited < i.total)
