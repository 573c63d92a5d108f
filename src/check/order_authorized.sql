-- What an order counts as authorized is what its authorized payments reserve.
SELECT o.organization_id, o.id AS order_id, o.number, o.amount_authorized, p.amount AS amount_of_payments
FROM sales_order o
LEFT JOIN (
  SELECT organization_id, order_id, sum(amount - amount_captured) AS amount FROM payment WHERE status = 'authorized' AND order_id IS NOT NULL GROUP BY 1, 2
) p ON p.organization_id = o.organization_id AND p.order_id = o.id
WHERE o.amount_authorized <> coalesce(p.amount, 0)
