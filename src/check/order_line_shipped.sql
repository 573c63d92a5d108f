-- What a stocked line counts as shipped left in its shipments.
SELECT organization_id, order_id, line_number, l.kind, l.shipped, s.shipped AS shipped_by_shipments
FROM order_line l
FULL JOIN (
  SELECT organization_id, order_id, line_number, sum(quantity) AS shipped FROM shipment_line GROUP BY 1, 2, 3
) s USING (organization_id, order_id, line_number)
WHERE CASE WHEN l.kind = 'stocked' THEN l.shipped <> coalesce(s.shipped, 0) ELSE s.shipped IS NOT NULL END
