-- A coupon counts the uses that it has, no more than its limit, and no customer has more than his.
SELECT c.organization_id, c.id AS coupon_id, c.code, c.times_used, c.usage_limit, c.usage_limit_per_customer, coalesce(r.uses, 0) AS uses,
  coalesce(r.most_of_one_customer, 0) AS most_of_one_customer
FROM coupon c
LEFT JOIN (
  SELECT organization_id, coupon_id, sum(uses) AS uses, max(uses) AS most_of_one_customer
  FROM (SELECT organization_id, coupon_id, customer_id, count(*) AS uses FROM coupon_redemption WHERE released_at IS NULL GROUP BY 1, 2, 3) u
  GROUP BY 1, 2
) r ON r.organization_id = c.organization_id AND r.coupon_id = c.id
WHERE c.times_used <> coalesce(r.uses, 0) OR c.times_used > c.usage_limit OR r.most_of_one_customer > c.usage_limit_per_customer
