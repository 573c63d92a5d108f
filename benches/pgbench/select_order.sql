-- The rows of one order, in one statement. -D ids= the size of bench.order_id.
\set k random(1, :ids)
SELECT o.*,
  ARRAY(SELECT l FROM order_line l WHERE l.organization_id = o.organization_id AND l.order_id = o.id ORDER BY l.line_number) AS lines,
  ARRAY(SELECT h FROM order_hold h WHERE h.organization_id = o.organization_id AND h.order_id = o.id) AS holds,
  ARRAY(SELECT f FROM fulfillment_order f WHERE f.organization_id = o.organization_id AND f.order_id = o.id) AS fulfillment_orders,
  ARRAY(SELECT a FROM allocation a WHERE a.organization_id = o.organization_id AND a.order_id = o.id) AS allocations
FROM sales_order o WHERE o.organization_id = :organization::uuid AND o.id = (SELECT id FROM bench.order_id WHERE n = :k::int);
