-- What a stocked line counts as allocated lies on its fulfillment orders, still to be shipped; nothing else is promised stock.
SELECT organization_id, order_id, line_number, l.kind, l.allocated, a.open AS open_allocations
FROM order_line l
FULL JOIN (
  SELECT organization_id, order_id, line_number, sum(quantity - shipped) AS open FROM allocation GROUP BY 1, 2, 3
) a USING (organization_id, order_id, line_number)
WHERE CASE WHEN l.kind = 'stocked' THEN l.allocated <> coalesce(a.open, 0) ELSE a.open IS NOT NULL END
