-- The documents of an order that commands on it make or change. Allocations of money are never deleted, so a payment that was once
-- on the order stays among them.
SELECT 'shipment' AS kind, id, number, status, NULL::numeric AS total, NULL::numeric AS due, NULL::numeric AS unapplied
FROM shipment WHERE organization_id = $1 AND order_id = $2
UNION ALL
SELECT 'invoice', id, number, status, total, total - amount_credited - amount_paid, NULL
FROM invoice WHERE organization_id = $1 AND order_id = $2
UNION ALL
SELECT 'credit_note', id, number, 'issued', total, NULL, NULL
FROM credit_note WHERE organization_id = $1 AND order_id = $2
UNION ALL
SELECT 'payment', id, number, status, NULL, NULL, amount_captured - amount_refunded - amount_applied
FROM payment
WHERE organization_id = $1
  AND id = ANY(ARRAY(SELECT payment_id FROM payment_allocation WHERE organization_id = $1 AND order_id = $2))
UNION ALL
SELECT 'refund', r.id, r.number, r.status, r.amount, NULL, NULL
FROM refund r
WHERE r.organization_id = $1
  AND r.payment_id = ANY(ARRAY(SELECT payment_id FROM payment_allocation WHERE organization_id = $1 AND order_id = $2))
UNION ALL
SELECT 'return', id, number, status, NULL, NULL, NULL
FROM sales_return WHERE organization_id = $1 AND order_id = $2
ORDER BY 1, 2
