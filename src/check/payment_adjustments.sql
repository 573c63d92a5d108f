-- What allocations settle without money is the sum of their adjustments; on each document of a payment neither money nor
-- adjustments are below nothing, and a payment that is refunded or reversed whole settles nothing any more but what the payer has
-- paid to the tax authority.
SELECT a.organization_id, a.payment_id, a.order_id, a.invoice_id, sum(a.amount) AS money, sum(a.adjusted) AS adjusted,
  sum(j.amount) AS amount_of_adjustments, p.status
FROM payment_allocation a
JOIN payment p ON p.organization_id = a.organization_id AND p.id = a.payment_id
CROSS JOIN LATERAL (
  SELECT coalesce(sum((adjustment ->> 'amount')::numeric), 0) AS amount,
    coalesce(sum((adjustment ->> 'amount')::numeric) FILTER (WHERE adjustment ->> 'kind' <> 'withholding_tax'), 0) AS undone
  FROM jsonb_array_elements(a.adjustments) AS adjustment
) j
GROUP BY a.organization_id, a.payment_id, a.order_id, a.invoice_id, p.status
HAVING bool_or(a.adjusted <> j.amount) OR sum(a.amount) < 0 OR sum(a.adjusted) < 0
  OR (p.status IN ('refunded', 'reversed') AND sum(a.amount + j.undone) <> 0)
