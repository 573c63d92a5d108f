-- What stock, its movements and its reservations refer to exists in their organization.
SELECT 'stock_level.sku' AS reference, s.organization_id, s.sku || '/' || s.location AS row_id, s.sku AS missing FROM stock_level s
WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.organization_id = s.organization_id AND p.sku = s.sku)
UNION ALL
SELECT 'stock_level.location', s.organization_id, s.sku || '/' || s.location, s.location FROM stock_level s
WHERE NOT EXISTS (SELECT 1 FROM location l WHERE l.organization_id = s.organization_id AND l.code = s.location)
UNION ALL
SELECT 'stock_movement.sku', m.organization_id, m.id::text, m.sku FROM stock_movement m
WHERE NOT EXISTS (SELECT 1 FROM product p WHERE p.organization_id = m.organization_id AND p.sku = m.sku)
UNION ALL
SELECT 'stock_movement.location', m.organization_id, m.id::text, m.location FROM stock_movement m
WHERE NOT EXISTS (SELECT 1 FROM location l WHERE l.organization_id = m.organization_id AND l.code = m.location)
UNION ALL
SELECT 'reservation_line.stock_level', r.organization_id, r.reservation_id::text, r.sku || '/' || r.location FROM reservation_line r
WHERE NOT EXISTS (
  SELECT 1 FROM stock_level s WHERE s.organization_id = r.organization_id AND s.sku = r.sku AND s.location = r.location)
UNION ALL
SELECT 'reservation_line.reservation_id', r.organization_id, r.reservation_id::text, r.reservation_id::text FROM reservation_line r
WHERE NOT EXISTS (SELECT 1 FROM reservation v WHERE v.organization_id = r.organization_id AND v.id = r.reservation_id)
