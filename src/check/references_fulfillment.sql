-- What fulfillment orders, allocations and shipments refer to exists in their organization and belongs to the same order.
SELECT 'fulfillment_order.order_id' AS reference, f.organization_id, f.id AS row_id, f.order_id::text AS missing FROM fulfillment_order f
WHERE NOT EXISTS (SELECT 1 FROM sales_order o WHERE o.organization_id = f.organization_id AND o.id = f.order_id)
UNION ALL
SELECT 'fulfillment_order.location', f.organization_id, f.id, f.location FROM fulfillment_order f
WHERE NOT EXISTS (SELECT 1 FROM location l WHERE l.organization_id = f.organization_id AND l.code = f.location)
UNION ALL
SELECT 'allocation.order_line', a.organization_id, a.fulfillment_order_id, a.order_id || '/' || a.line_number || '/' || a.sku FROM allocation a
WHERE NOT EXISTS (
  SELECT 1 FROM order_line l
  WHERE l.organization_id = a.organization_id AND l.order_id = a.order_id AND l.line_number = a.line_number AND l.sku = a.sku)
UNION ALL
SELECT 'allocation.stock_level', a.organization_id, a.fulfillment_order_id, a.sku || '/' || a.location FROM allocation a
WHERE NOT EXISTS (
  SELECT 1 FROM stock_level s WHERE s.organization_id = a.organization_id AND s.sku = a.sku AND s.location = a.location)
UNION ALL
SELECT 'shipment.fulfillment_order', s.organization_id, s.id, s.fulfillment_order_id::text FROM shipment s
WHERE NOT EXISTS (
  SELECT 1 FROM fulfillment_order f
  WHERE f.organization_id = s.organization_id AND f.id = s.fulfillment_order_id AND f.order_id = s.order_id AND f.location = s.location)
UNION ALL
SELECT 'shipment_line.shipment', l.organization_id, l.shipment_id, l.order_id::text FROM shipment_line l
WHERE NOT EXISTS (
  SELECT 1 FROM shipment s WHERE s.organization_id = l.organization_id AND s.id = l.shipment_id AND s.order_id = l.order_id)
UNION ALL
SELECT 'shipment_line.order_line', s.organization_id, s.shipment_id, s.order_line_id::text FROM shipment_line s
WHERE NOT EXISTS (
  SELECT 1 FROM order_line l WHERE l.organization_id = s.organization_id AND l.order_id = s.order_id
    AND l.line_number = s.line_number AND l.id = s.order_line_id AND l.sku = s.sku)
UNION ALL
SELECT 'tracking_event.shipment_id', t.organization_id, t.id, t.shipment_id::text FROM tracking_event t
WHERE NOT EXISTS (SELECT 1 FROM shipment s WHERE s.organization_id = t.organization_id AND s.id = t.shipment_id)
