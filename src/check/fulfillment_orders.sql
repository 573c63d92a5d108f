-- A fulfillment order ships from one place for one order: its lines have its location and order. One that is over (shipped,
-- cancelled) has nothing open.
SELECT a.organization_id, a.order_id, a.line_number, a.fulfillment_order_id, a.location, f.location AS expected_location,
  f.order_id AS expected_order_id, f.status, a.quantity, a.shipped
FROM allocation a
LEFT JOIN fulfillment_order f ON f.organization_id = a.organization_id AND f.id = a.fulfillment_order_id
WHERE f.id IS NULL OR f.order_id <> a.order_id OR f.location <> a.location
  OR (f.status IN ('shipped', 'cancelled') AND a.quantity > a.shipped)
