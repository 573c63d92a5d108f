-- What a coupon takes off an order that holds it stands on the order or its lines, to the minor unit where it is an amount.
SELECT r.organization_id, r.order_id, r.code, r.amount, d.amount AS discounts
FROM coupon_redemption r
JOIN sales_order o ON o.organization_id = r.organization_id AND o.id = r.order_id
CROSS JOIN LATERAL (
  SELECT count(*) AS count, count(g.d ->> 'percent') AS percents, coalesce(sum((g.d ->> 'amount')::numeric), 0) AS amount
  FROM (
    SELECT jsonb_array_elements(o.document::jsonb -> 'discounts') AS d
    UNION ALL
    SELECT jsonb_array_elements(l.detail -> 'discounts') FROM order_line l
    WHERE l.organization_id = o.organization_id AND l.order_id = o.id AND jsonb_typeof(l.detail -> 'discounts') = 'array'
  ) g
  WHERE g.d ->> 'code' = r.code
) d
WHERE r.released_at IS NULL AND (d.count = 0 AND r.amount > 0 OR d.percents = 0 AND d.amount <> r.amount)
