-- Nothing is promised that is not there and good: what is reserved is covered by what is on hand and not in quarantine. `available`
-- may be below zero after a count, since it keeps the safety stock back, too.
SELECT organization_id, sku, location, on_hand, reserved, quarantined, safety_stock
FROM stock_level
WHERE NOT (on_hand >= 0 AND reserved BETWEEN 0 AND greatest(on_hand - quarantined, 0) AND quarantined >= 0 AND safety_stock >= 0)
