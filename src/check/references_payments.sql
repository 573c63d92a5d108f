-- What payments, their allocations and refunds refer to exists in their organization; money for an invoice is also its order's.
SELECT 'payment.customer_id' AS reference, p.organization_id, p.id AS row_id, p.customer_id::text AS missing FROM payment p
WHERE p.customer_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM customer c WHERE c.organization_id = p.organization_id AND c.id = p.customer_id)
UNION ALL
SELECT 'payment.order_id', p.organization_id, p.id, p.order_id::text FROM payment p
WHERE p.order_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM sales_order o WHERE o.organization_id = p.organization_id AND o.id = p.order_id)
UNION ALL
SELECT 'payment_allocation.payment_id', a.organization_id, a.id, a.payment_id::text FROM payment_allocation a
WHERE NOT EXISTS (SELECT 1 FROM payment p WHERE p.organization_id = a.organization_id AND p.id = a.payment_id)
UNION ALL
SELECT 'payment_allocation.order_id', a.organization_id, a.id, a.order_id::text FROM payment_allocation a
WHERE NOT EXISTS (SELECT 1 FROM sales_order o WHERE o.organization_id = a.organization_id AND o.id = a.order_id)
UNION ALL
SELECT 'payment_allocation.invoice', a.organization_id, a.id, a.invoice_id::text FROM payment_allocation a
WHERE a.invoice_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM invoice i WHERE i.organization_id = a.organization_id AND i.id = a.invoice_id AND i.order_id = a.order_id)
UNION ALL
SELECT 'refund.payment_id', r.organization_id, r.id, r.payment_id::text FROM refund r
WHERE NOT EXISTS (SELECT 1 FROM payment p WHERE p.organization_id = r.organization_id AND p.id = r.payment_id)
UNION ALL
SELECT 'refund.order_id', r.organization_id, r.id, r.order_id::text FROM refund r
WHERE r.order_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM sales_order o WHERE o.organization_id = r.organization_id AND o.id = r.order_id)
