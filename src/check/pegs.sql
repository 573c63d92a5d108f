-- What is promised of incoming supply is the sum of its pegs, and never more than is still to come of it; what is promised to a line
-- is never more than it waits for, and of its own product.
SELECT 'supply' AS of, i.organization_id, i.id AS incoming_id, NULL::uuid AS order_id, NULL::smallint AS line_number, i.pegged_quantity,
  coalesce(p.pegged, 0) AS pegs, CASE WHEN i.status = 'open' THEN greatest(i.quantity - i.received_quantity, 0) ELSE 0 END AS bound
FROM incoming_supply i
LEFT JOIN (SELECT organization_id, incoming_id, sum(quantity) AS pegged FROM peg GROUP BY 1, 2) p
  ON p.organization_id = i.organization_id AND p.incoming_id = i.id
WHERE i.pegged_quantity <> coalesce(p.pegged, 0)
  OR i.pegged_quantity > CASE WHEN i.status = 'open' THEN greatest(i.quantity - i.received_quantity, 0) ELSE 0 END
UNION ALL
SELECT 'line', p.organization_id, NULL, p.order_id, p.line_number, NULL, p.pegged, coalesce(l.backordered * l.unit_factor, 0)
FROM (SELECT organization_id, order_id, line_number, sum(quantity) AS pegged FROM peg GROUP BY 1, 2, 3) p
LEFT JOIN order_line l ON l.organization_id = p.organization_id AND l.order_id = p.order_id AND l.line_number = p.line_number
WHERE l.order_id IS NULL OR p.pegged > l.backordered * l.unit_factor
UNION ALL
SELECT 'product', p.organization_id, p.incoming_id, p.order_id, p.line_number, NULL, p.quantity, NULL
FROM peg p
LEFT JOIN incoming_supply i ON i.organization_id = p.organization_id AND i.id = p.incoming_id
LEFT JOIN order_line l ON l.organization_id = p.organization_id AND l.order_id = p.order_id AND l.line_number = p.line_number
WHERE i.sku IS DISTINCT FROM l.sku
