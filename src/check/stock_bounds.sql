-- Nothing is promised that is not there. `available` may be below zero after a count; `reserved` never exceeds `on_hand`.
SELECT organization_id, sku, location, on_hand, reserved, quarantined, safety_stock
FROM stock_level
WHERE NOT (on_hand >= 0 AND reserved BETWEEN 0 AND on_hand AND quarantined >= 0 AND safety_stock >= 0)
