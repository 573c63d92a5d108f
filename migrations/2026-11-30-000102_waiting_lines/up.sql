-- Drafts and held orders. Lines that are allocated or backordered, as nearly all are from the start, are not in it.
CREATE INDEX order_line_unallocated ON order_line (organization_id, sku, order_id) WHERE unallocated > 0 AND kind = 'stocked';

-- What waits for stock: what is backordered, and what is unallocated of orders that are held for want of it. Not of those of which a
-- location has given the work up, nor of those whose goods are not known: there somebody decides first. `step` is the smallest quantity
-- that may be promised; it and `base_quantity` are in base units.
CREATE VIEW waiting_line AS
SELECT l.organization_id, l.order_id, l.line_number, l.sku, l.unit_factor * power(10::numeric, -coalesce((l.detail->>'quantity_scale')::int, 0)) AS step,
  l.backordered * l.unit_factor AS base_quantity
FROM order_line l WHERE l.backordered > 0
UNION ALL
SELECT l.organization_id, l.order_id, l.line_number, l.sku, l.unit_factor * power(10::numeric, -coalesce((l.detail->>'quantity_scale')::int, 0)),
  l.unallocated * l.unit_factor
FROM order_hold h JOIN order_line l ON l.organization_id = h.organization_id AND l.order_id = h.order_id
WHERE h.released_at IS NULL AND h.code = 'insufficient_stock' AND l.unallocated > 0 AND l.kind = 'stocked'
  AND NOT EXISTS (SELECT 1 FROM order_hold o WHERE o.organization_id = h.organization_id AND o.order_id = h.order_id AND o.released_at IS NULL
    AND (o.data ? 'gave_up_by' OR 'allocation' = ANY(o.blocks)));
