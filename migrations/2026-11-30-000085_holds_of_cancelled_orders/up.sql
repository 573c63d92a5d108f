-- Nobody decides any more about orders of which nothing is left; from now on their holds are released when they are cancelled.
WITH released AS (
  UPDATE order_hold h SET released_at = now(), released_by = 'system', release_reason = 'the order was cancelled'
  FROM sales_order o
  WHERE o.organization_id = h.organization_id AND o.id = h.order_id AND o.status = 'cancelled' AND h.released_at IS NULL
  RETURNING h.organization_id, h.order_id
)
UPDATE sales_order o SET version = o.version + 1, updated_at = greatest(o.updated_at, now())
FROM (SELECT DISTINCT organization_id, order_id FROM released) r
WHERE o.organization_id = r.organization_id AND o.id = r.order_id;
