-- A use of a coupon is held by the order that names it, as long as that is not cancelled, and by nothing else; an order that has dropped
-- it does not name it.
SELECT u.organization_id, u.order_id, u.code, u.order_status, u.held, u.named
FROM (
  SELECT coalesce(r.organization_id, n.organization_id) AS organization_id, coalesce(r.order_id, n.order_id) AS order_id,
    coalesce(r.code, n.code) AS code, o.status AS order_status, r.order_id IS NOT NULL AND r.released_at IS NULL AS held,
    n.order_id IS NOT NULL AS named, o.id IS NOT NULL AND o.customer_id = coalesce(r.customer_id, o.customer_id) AS of_its_customer
  FROM coupon_redemption r
  FULL JOIN (
    SELECT s.organization_id, s.id AS order_id, code FROM sales_order s
    CROSS JOIN LATERAL jsonb_array_elements_text(s.document::jsonb -> 'coupon_codes') AS code
    WHERE s.document LIKE '%"coupon_codes":["%'
  ) n ON n.organization_id = r.organization_id AND n.order_id = r.order_id AND n.code = r.code
  LEFT JOIN sales_order o
    ON o.organization_id = coalesce(r.organization_id, n.organization_id) AND o.id = coalesce(r.order_id, n.order_id)
) u
WHERE NOT u.of_its_customer OR u.held <> (u.named AND u.order_status <> 'cancelled')
