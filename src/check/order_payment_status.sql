-- The payment status is what the amounts say. Orders of which units were cancelled, or came back before they were invoiced, are
-- left out: what they owe is less than their total.
SELECT organization_id, id AS order_id, number, payment_status, derived, total, amount_credited, amount_paid, amount_refunded, amount_authorized
FROM (
  SELECT o.*,
    CASE
      WHEN amount_paid = 0 AND amount_refunded = 0 AND total = 0 THEN 'paid'
      WHEN amount_paid > 0 AND amount_paid >= total - amount_credited THEN 'paid'
      WHEN amount_refunded > 0 AND amount_paid > 0 THEN 'partially_refunded'
      WHEN amount_refunded > 0 THEN 'refunded'
      WHEN amount_paid > 0 THEN 'partially_paid'
      WHEN amount_authorized > 0 THEN 'authorized'
      ELSE 'unpaid'
    END AS derived
  FROM sales_order o
) o
WHERE payment_status <> derived
  AND NOT EXISTS (SELECT 1 FROM order_line l WHERE l.organization_id = o.organization_id AND l.order_id = o.id
    AND (l.cancelled > 0 OR l.detail ->> 'waived' IS NOT NULL))
