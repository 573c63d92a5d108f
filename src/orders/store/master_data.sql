-- Products with their prices in one list, and customers, by key: each set is joined row by row, so that no table is read for one order.
WITH named AS MATERIALIZED (
  SELECT c.id, c.bill_to_customer_id FROM unnest($3::uuid[]) AS n(id) JOIN customer c ON c.organization_id = $1 AND c.id = n.id
  UNION ALL
  SELECT c.id, c.bill_to_customer_id FROM unnest($4::text[]) AS n(code) JOIN customer c ON c.organization_id = $1 AND c.code = n.code
),
addressed AS MATERIALIZED (
  SELECT n.email, c.id FROM unnest($5::text[]) AS n(email) CROSS JOIN LATERAL
    (SELECT c.id FROM customer c WHERE c.organization_id = $1 AND lower(c.email) = n.email ORDER BY c.created_at, c.id LIMIT 1) c
),
ids AS MATERIALIZED (
  SELECT id FROM named UNION SELECT bill_to_customer_id FROM named WHERE bill_to_customer_id IS NOT NULL UNION SELECT id FROM addressed
),
customers AS MATERIALIZED (SELECT c.* FROM ids CROSS JOIN LATERAL (SELECT * FROM customer c WHERE c.organization_id = $1 AND c.id = ids.id LIMIT 1) c)
SELECT
  (SELECT coalesce(json_agg(json_build_object('sku', p.sku, 'name', p.name, 'kind', p.kind, 'unit', p.unit, 'units', p.units, 'quantity_scale', p.quantity_scale,
      'tax_category', p.tax_category, 'active', p.active)), '[]')::text
     FROM product p WHERE p.organization_id = $1 AND p.sku = ANY($2)) AS products,
  (SELECT coalesce(json_agg(json_build_object('sku', p.sku, 'price_list', p.price_list, 'currency', p.currency, 'min_quantity', p.min_quantity::text,
      'valid_from_on', nullif(p.valid_from_on, '0001-01-01'), 'valid_to_on', p.valid_to_on, 'unit_price', p.unit_price::text,
      'price_quantity', p.price_quantity::text, 'version', p.version, 'updated_at', p.updated_at)), '[]')::text
     FROM price p WHERE p.organization_id = $1 AND p.sku = ANY($2) AND p.price_list = $6) AS prices,
  (SELECT coalesce(json_agg(json_build_object('id', c.id, 'code', c.code, 'name', c.name, 'kind', c.kind, 'guest', c.guest, 'email', c.email, 'tax_id', c.tax_id, 'tax_exemption', c.tax_exemption, 'currency', c.currency,
      'payment_terms', c.payment_terms, 'price_list', c.price_list, 'blocked', c.blocked, 'bill_to_customer_id', c.bill_to_customer_id, 'sales_rep', c.sales_rep,
      'addresses', c.addresses, 'billing_address', c.billing_address, 'shipping_address', c.shipping_address)), '[]')::text FROM customers c) AS customers,
  (SELECT coalesce(json_object_agg(a.email, a.id), '{}')::text FROM addressed a) AS emails,
  (SELECT coalesce(json_agg(json_build_array(b.customer_id, json_build_object('currency', b.currency, 'available', (b.limit_amount - b.open_orders - b.unpaid)::text))), '[]')::text
     FROM customers c JOIN customer_balance b ON b.organization_id = $1 AND b.customer_id = c.id) AS credit
