-- What an order counts as refunded is what refunds took from the money on it.
SELECT o.organization_id, o.id AS order_id, o.number, o.amount_refunded, r.amount AS amount_of_refunds
FROM sales_order o
LEFT JOIN (
  SELECT organization_id, order_id, -sum(amount) AS amount FROM payment_allocation WHERE refund_id IS NOT NULL GROUP BY 1, 2
) r ON r.organization_id = o.organization_id AND r.order_id = o.id
WHERE o.amount_refunded <> coalesce(r.amount, 0)
