-- What a shop calls one of its orders is one order of ours, that of this channel and external id.
SELECT c.organization_id, c.channel_id, c.external_id, c.order_id, c.gone
FROM channel_order c
JOIN channel h ON h.organization_id = c.organization_id AND h.id = c.channel_id
WHERE c.order_id IS NOT NULL
  AND (
    c.gone IS NOT NULL
    OR NOT EXISTS (
      SELECT 1 FROM sales_order o
      WHERE o.organization_id = c.organization_id AND o.id = c.order_id AND o.channel = h.code AND o.external_id = c.external_id
    )
  )
