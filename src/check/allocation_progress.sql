-- Picked, packed and shipped are within each other and within the allocation, and shipped is what the shipments of its
-- fulfillment order took.
SELECT a.organization_id, a.order_id, a.line_number, a.fulfillment_order_id, a.quantity, a.picked, a.packed, a.shipped,
  s.shipped AS shipped_by_shipments
FROM allocation a
LEFT JOIN (
  SELECT l.organization_id, l.order_id, l.line_number, s.fulfillment_order_id, sum(l.quantity) AS shipped
  FROM shipment_line l
  JOIN shipment s ON s.organization_id = l.organization_id AND s.id = l.shipment_id
  GROUP BY 1, 2, 3, 4
) s USING (organization_id, order_id, line_number, fulfillment_order_id)
WHERE NOT (a.shipped >= 0 AND a.packed BETWEEN a.shipped AND a.quantity AND a.picked BETWEEN a.packed AND a.quantity)
  OR a.shipped <> coalesce(s.shipped, 0)
