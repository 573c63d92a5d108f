-- Paid is an order of which nothing is due. What was taken back of a prepayment and is to be invoiced again was not counted.
UPDATE sales_order o SET payment_status = d.derived, version = o.version + 1, updated_at = now()
FROM (
  SELECT organization_id, id,
    CASE
      WHEN amount_paid > 0 AND amount_paid >= amount_invoiced - amount_credited + uninvoiced_total THEN 'paid'
      WHEN amount_refunded > 0 AND amount_paid > 0 THEN 'partially_refunded'
      WHEN amount_refunded > 0 THEN 'refunded'
      ELSE 'partially_paid'
    END AS derived
  FROM sales_order
  WHERE amount_paid <> 0 OR amount_refunded <> 0
) d
WHERE o.organization_id = d.organization_id AND o.id = d.id AND o.payment_status <> d.derived;
