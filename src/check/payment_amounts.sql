-- A payment is applied as far as its allocations say and refunded as far as its refunds say, both within what was captured.
SELECT p.organization_id, p.id AS payment_id, p.number, p.status, p.amount, p.amount_captured, p.amount_applied,
  a.amount AS amount_of_allocations, p.amount_refunded, r.amount AS amount_of_refunds
FROM payment p
LEFT JOIN (SELECT organization_id, payment_id, sum(amount) AS amount FROM payment_allocation GROUP BY 1, 2) a
  ON a.organization_id = p.organization_id AND a.payment_id = p.id
LEFT JOIN (SELECT organization_id, payment_id, sum(amount) AS amount FROM refund WHERE status <> 'failed' GROUP BY 1, 2) r
  ON r.organization_id = p.organization_id AND r.payment_id = p.id
WHERE p.amount_applied <> coalesce(a.amount, 0)
  OR p.amount_refunded <> coalesce(r.amount, 0)
  OR NOT (p.amount_captured BETWEEN 0 AND p.amount AND p.amount_refunded BETWEEN 0 AND p.amount_captured)
  OR NOT (p.amount_applied BETWEEN 0 AND p.amount_captured - p.amount_refunded)
