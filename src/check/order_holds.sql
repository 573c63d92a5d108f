-- An order is on hold for a reason that is still open, and an order with an open hold on the whole of it is not confirmed. A
-- cancelled one has none.
SELECT o.organization_id, o.id AS order_id, o.number, o.status, h.open_holds
FROM sales_order o
LEFT JOIN (
  SELECT organization_id, order_id, count(*) AS open_holds, count(*) FILTER (WHERE scope = 'order') AS open_order_holds
  FROM order_hold WHERE released_at IS NULL GROUP BY 1, 2
) h ON h.organization_id = o.organization_id AND h.order_id = o.id
WHERE (o.status = 'on_hold' AND h.open_holds IS NULL) OR (o.status = 'confirmed' AND h.open_order_holds > 0)
  OR (o.status = 'cancelled' AND h.open_holds > 0)
