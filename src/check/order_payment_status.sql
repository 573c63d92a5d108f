-- The payment status is what the amounts say: paid is who has paid all that the order is worth now, what is to be invoiced again of a
-- prepayment included. An order for which nobody paid anything is paid only where it costs nothing.
SELECT organization_id, id AS order_id, number, payment_status, derived, total, amount_invoiced, amount_credited, uninvoiced_total, amount_paid,
  amount_refunded, amount_authorized
FROM (
  SELECT o.*,
    CASE
      WHEN amount_paid = 0 AND amount_refunded = 0 AND total = 0 THEN 'paid'
      WHEN amount_paid > 0 AND amount_paid >= amount_invoiced - amount_credited + uninvoiced_total THEN 'paid'
      WHEN amount_refunded > 0 AND amount_paid > 0 THEN 'partially_refunded'
      WHEN amount_refunded > 0 THEN 'refunded'
      WHEN amount_paid > 0 THEN 'partially_paid'
      WHEN amount_authorized > 0 THEN 'authorized'
      ELSE 'unpaid'
    END AS derived
  FROM sales_order o
) o
WHERE payment_status <> derived
