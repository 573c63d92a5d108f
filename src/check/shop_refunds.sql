-- What a shop has paid back of an order, as far as it counts as worked in, stands in refunds of ours.
SELECT c.organization_id, c.channel_id, c.external_id, c.order_id, f.amount AS worked_in, coalesce(r.amount, 0) AS refunded
FROM (
  SELECT organization_id, channel_id, external_id, sum(amount) AS amount
  FROM channel_order_fact
  WHERE kind = 'refund_money' AND amount IS NOT NULL
  GROUP BY 1, 2, 3
) f
JOIN channel_order c ON c.organization_id = f.organization_id AND c.channel_id = f.channel_id AND c.external_id = f.external_id
LEFT JOIN (
  SELECT organization_id, order_id, sum(amount) AS amount FROM refund WHERE order_id IS NOT NULL GROUP BY 1, 2
) r ON r.organization_id = c.organization_id AND r.order_id = c.order_id
WHERE f.amount > coalesce(r.amount, 0)
UNION ALL
-- What is off the shipping for a refund is a part of what it has paid back beside the lines.
SELECT c.organization_id, c.channel_id, c.external_id, c.order_id, s.amount AS worked_in, coalesce(r.amount, 0) AS refunded
FROM channel_order_fact s
JOIN channel_order c ON c.organization_id = s.organization_id AND c.channel_id = s.channel_id AND c.external_id = s.external_id
LEFT JOIN channel_order_fact r ON r.organization_id = s.organization_id AND r.channel_id = s.channel_id AND r.external_id = s.external_id
  AND r.reference = s.reference AND r.kind = 'refund_rest'
WHERE s.kind = 'refund_shipping' AND s.amount > coalesce(r.amount, 0)
