-- A customer's balance is what his open orders and unpaid invoices add up to, in the currency of his limit.
SELECT b.organization_id, b.customer_id, b.currency, b.open_orders, o.open_orders AS open_orders_by_orders, b.unpaid,
  i.unpaid AS unpaid_by_invoices
FROM customer_balance b
LEFT JOIN (
  SELECT organization_id, bill_to_customer_id AS customer_id, currency, sum(uninvoiced_total) AS open_orders
  FROM sales_order WHERE status IN ('confirmed', 'completed') GROUP BY 1, 2, 3
) o USING (organization_id, customer_id, currency)
LEFT JOIN (
  SELECT organization_id, customer_id, currency, sum(total - amount_credited - amount_paid) AS unpaid FROM invoice GROUP BY 1, 2, 3
) i USING (organization_id, customer_id, currency)
WHERE b.open_orders <> coalesce(o.open_orders, 0) OR b.unpaid <> coalesce(i.unpaid, 0)
