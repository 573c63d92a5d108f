-- Every order, drafts included, was captured once, and the feed says so once.
SELECT o.organization_id, o.id AS order_id, o.number, coalesce(e.events, 0) AS captured_events
FROM sales_order o
LEFT JOIN (
  SELECT organization_id, order_id, count(*) AS events FROM event WHERE type = 'order.captured' GROUP BY 1, 2
) e ON e.organization_id = o.organization_id AND e.order_id = o.id
WHERE e.events IS DISTINCT FROM 1
