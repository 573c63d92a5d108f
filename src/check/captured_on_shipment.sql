-- What was taken by itself as goods left is within what their order is worth, unless somebody has changed the order since: a card is
-- never asked for more than it was shown. What a person captures is a person's.
SELECT o.organization_id, o.id AS order_id, o.number, o.total, o.amount_invoiced, c.captured
FROM (
  SELECT p.organization_id, p.order_id, sum(a.amount) AS captured
  FROM payment_operation a
  JOIN payment p ON p.organization_id = a.organization_id AND p.id = a.payment_id
  WHERE a.kind = 'capture' AND a.status IN ('pending', 'succeeded') AND a.actor LIKE 'system:%' AND p.order_id IS NOT NULL
  GROUP BY 1, 2
) c
JOIN sales_order o ON o.organization_id = c.organization_id AND o.id = c.order_id
WHERE c.captured > greatest(o.total, o.amount_invoiced)
  AND NOT EXISTS (SELECT 1 FROM event e WHERE e.organization_id = o.organization_id AND e.order_id = o.id AND e.type = 'order.edited')
