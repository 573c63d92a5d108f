-- What a provider has done is booked, and once: captures within what is captured, a refund that it refused gives nothing back, and
-- what it is asked for has a provider.
SELECT p.organization_id, p.id AS payment_id, p.number, p.status, p.provider, p.amount_captured, o.captured, o.wrong_refunds
FROM payment p
JOIN (
  SELECT a.organization_id, a.payment_id,
    coalesce(sum(a.amount) FILTER (WHERE a.kind = 'capture' AND a.status = 'succeeded'), 0) AS captured,
    count(*) FILTER (WHERE a.kind = 'refund' AND (a.status = 'failed') <> (r.status = 'failed') AND NOT (a.status = 'succeeded' AND r.status = 'failed')) AS wrong_refunds
  FROM payment_operation a
  LEFT JOIN refund r ON r.organization_id = a.organization_id AND r.id = a.refund_id
  GROUP BY 1, 2
) o ON o.organization_id = p.organization_id AND o.payment_id = p.id
WHERE p.provider IS NULL OR o.captured > p.amount_captured OR o.wrong_refunds > 0
