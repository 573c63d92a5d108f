-- The goods came in before they were sold: a receipt for all that left or is promised, one movement for all that left.
INSERT INTO stock_movement (organization_id, sku, location, kind, quantity, unit_cost, reference, actor, occurred_at, recorded_at)
SELECT t.organization_id, s.sku, s.location, k.kind, k.quantity, s.unit_cost, 'history', 'system', k.at, k.at
FROM history_moved m
JOIN history_shelf s ON s.place = m.place AND s.no = m.shelf
CROSS JOIN history_template t
CROSS JOIN LATERAL (VALUES ('receipt', m.shipped + m.open, t.until - interval '730 days'), ('shipment', -m.shipped, t.until)) AS k(kind, quantity, at)
WHERE k.quantity <> 0;
UPDATE stock_level l SET on_hand = l.on_hand + m.open, reserved = l.reserved + m.open, version = l.version + 1, updated_at = greatest(l.updated_at, t.until)
FROM history_moved m
JOIN history_shelf s ON s.place = m.place AND s.no = m.shelf
CROSS JOIN history_template t
WHERE l.organization_id = t.organization_id AND l.sku = s.sku AND l.location = s.location AND m.open > 0;
