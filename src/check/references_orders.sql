-- What an order refers to exists in its organization.
SELECT 'sales_order.customer_id' AS reference, o.organization_id, o.id AS row_id, o.customer_id::text AS missing FROM sales_order o
WHERE NOT EXISTS (SELECT 1 FROM customer c WHERE c.organization_id = o.organization_id AND c.id = o.customer_id)
UNION ALL
SELECT 'sales_order.bill_to_customer_id', o.organization_id, o.id, o.bill_to_customer_id::text FROM sales_order o
WHERE NOT EXISTS (SELECT 1 FROM customer c WHERE c.organization_id = o.organization_id AND c.id = o.bill_to_customer_id)
UNION ALL
SELECT 'sales_order.channel', o.organization_id, o.id, o.channel FROM sales_order o
WHERE NOT EXISTS (SELECT 1 FROM channel c WHERE c.organization_id = o.organization_id AND c.code = o.channel)
UNION ALL
SELECT 'order_line.order_id', l.organization_id, l.id, l.order_id::text FROM order_line l
WHERE NOT EXISTS (SELECT 1 FROM sales_order o WHERE o.organization_id = l.organization_id AND o.id = l.order_id)
UNION ALL
-- A draft may still name a product that nobody knows.
SELECT 'order_line.sku', l.organization_id, l.id, l.sku FROM order_line l
JOIN sales_order o ON o.organization_id = l.organization_id AND o.id = l.order_id
WHERE o.status IN ('confirmed', 'completed')
  AND NOT EXISTS (SELECT 1 FROM product p WHERE p.organization_id = l.organization_id AND p.sku = l.sku)
UNION ALL
SELECT 'order_hold.order_id', h.organization_id, h.id, h.order_id::text FROM order_hold h
WHERE NOT EXISTS (SELECT 1 FROM sales_order o WHERE o.organization_id = h.organization_id AND o.id = h.order_id)
UNION ALL
SELECT 'order_hold.order_line_id', h.organization_id, h.id, h.order_line_id::text FROM order_hold h
WHERE h.order_line_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM order_line l WHERE l.organization_id = h.organization_id AND l.order_id = h.order_id AND l.id = h.order_line_id)
