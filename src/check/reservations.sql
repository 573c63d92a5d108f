-- A consumed reservation became an order; one that is live, released or expired did not.
SELECT r.organization_id, r.id AS reservation_id, r.status, r.order_id
FROM reservation r
LEFT JOIN sales_order o ON o.organization_id = r.organization_id AND o.id = r.order_id
WHERE (r.status = 'consumed') <> (o.id IS NOT NULL) OR (r.order_id IS NOT NULL AND o.id IS NULL)
