-- What is reserved is promised to somebody: open allocations of orders and lines of live reservations, in base units.
SELECT organization_id, sku, location, l.reserved, p.promised
FROM stock_level l
FULL JOIN (
  SELECT organization_id, sku, location, sum(quantity) AS promised
  FROM (
    SELECT organization_id, sku, location, round((quantity - shipped) * unit_factor, 3) AS quantity
    FROM allocation WHERE quantity > shipped
    UNION ALL
    SELECT rl.organization_id, rl.sku, rl.location, rl.quantity
    FROM reservation_line rl
    JOIN reservation r ON r.organization_id = rl.organization_id AND r.id = rl.reservation_id
    WHERE r.status = 'live'
  ) promise
  GROUP BY 1, 2, 3
) p USING (organization_id, sku, location)
WHERE coalesce(l.reserved, 0) <> coalesce(p.promised, 0)
