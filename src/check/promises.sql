-- A line that is promised a day has all that is open of it in stock or pegged, and has had a first promise; a peg rests on its supply's
-- own day. Where a review of the product waits, the promise is about to be made anew. History is not promised.
SELECT l.organization_id, l.order_id, l.line_number, l.sku, l.promised_on, l.first_promised_on, l.unallocated, l.backordered, p.pegged
FROM order_line l
JOIN sales_order o ON o.organization_id = l.organization_id AND o.id = l.order_id
LEFT JOIN LATERAL (
  SELECT coalesce(sum(p.quantity), 0) AS pegged, coalesce(bool_or(p.expected_on <> i.expected_on), false) AS moved
  FROM peg p JOIN incoming_supply i ON i.organization_id = p.organization_id AND i.id = p.incoming_id
  WHERE p.organization_id = l.organization_id AND p.order_id = l.order_id AND p.line_number = l.line_number) p ON true
WHERE (l.promised_on IS NOT NULL AND l.first_promised_on IS NULL)
  OR (l.promised_on IS NOT NULL AND l.unallocated + l.backordered + l.allocated > 0 AND o.status IN ('confirmed', 'on_hold')
    AND (l.unallocated > 0 OR p.pegged < l.backordered * l.unit_factor OR p.moved)
    AND NOT EXISTS (SELECT 1 FROM promise_review r WHERE r.organization_id = l.organization_id AND r.sku = l.sku))
