-- A payment's status is what its amounts say, and one is reversed where its payer's bank took the last of it back.
SELECT organization_id, id AS payment_id, number, status, amount, amount_captured, amount_refunded
FROM payment p
WHERE (status IN ('pending', 'voided', 'expired', 'failed') AND amount_captured <> 0)
  OR (status = 'authorized' AND amount_captured >= amount)
  OR (status = 'captured' AND (amount_captured = 0 OR amount_refunded <> 0))
  OR (status = 'partially_refunded' AND NOT (amount_refunded > 0 AND amount_refunded < amount_captured))
  OR (status IN ('refunded', 'reversed') AND (amount_refunded = 0 OR amount_refunded <> amount_captured))
  OR (status = 'reversed' AND NOT EXISTS (SELECT 1 FROM refund r
    WHERE r.organization_id = p.organization_id AND r.payment_id = p.id AND r.kind = 'reversal'))
