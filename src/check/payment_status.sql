-- A payment's status is what its amounts say.
SELECT organization_id, id AS payment_id, number, status, amount, amount_captured, amount_refunded
FROM payment
WHERE (status IN ('pending', 'voided', 'expired', 'failed') AND amount_captured <> 0)
  OR (status = 'authorized' AND amount_captured >= amount)
  OR (status = 'captured' AND (amount_captured = 0 OR amount_refunded <> 0))
  OR (status = 'partially_refunded' AND NOT (amount_refunded > 0 AND amount_refunded < amount_captured))
  OR (status = 'refunded' AND (amount_refunded = 0 OR amount_refunded <> amount_captured))
