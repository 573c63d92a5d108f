-- What is on the shelf is the sum of all movements that ever put it there or took it away.
SELECT organization_id, sku, location, l.on_hand, m.moved
FROM stock_level l
FULL JOIN (SELECT organization_id, sku, location, sum(quantity) AS moved FROM stock_movement GROUP BY 1, 2, 3) m
  USING (organization_id, sku, location)
WHERE coalesce(l.on_hand, 0) <> coalesce(m.moved, 0)
