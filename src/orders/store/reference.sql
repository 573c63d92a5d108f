-- Everything by key: each set that a request names is joined row by row, so that no table is read for one order.
WITH named AS MATERIALIZED (
  SELECT c.id, c.bill_to_customer_id FROM unnest($3::uuid[]) AS n(id) JOIN customer c ON c.organization_id = $1 AND c.id = n.id
  UNION ALL
  SELECT c.id, c.bill_to_customer_id FROM unnest($4::text[]) AS n(code) JOIN customer c ON c.organization_id = $1 AND c.code = n.code
),
ids AS MATERIALIZED (
  SELECT id FROM named UNION SELECT bill_to_customer_id FROM named WHERE bill_to_customer_id IS NOT NULL
  UNION SELECT c.id FROM unnest($5::text[]) AS n(email) CROSS JOIN LATERAL
    (SELECT c.id FROM customer c WHERE c.organization_id = $1 AND lower(c.email) = n.email ORDER BY c.created_at, c.id LIMIT 1) c
),
customers AS MATERIALIZED (SELECT c.* FROM ids CROSS JOIN LATERAL (SELECT * FROM customer c WHERE c.organization_id = $1 AND c.id = ids.id LIMIT 1) c)
SELECT
  (SELECT json_build_object('legal_name', o.legal_name, 'country', o.country, 'time_zone', o.time_zone, 'base_currency', o.base_currency)::text
     FROM organization o WHERE o.id = $1) AS organization,
  (SELECT coalesce(json_agg(json_build_object('sku', p.sku, 'name', p.name, 'kind', p.kind, 'unit', p.unit, 'units', p.units, 'quantity_scale', p.quantity_scale,
      'tax_category', p.tax_category, 'active', p.active)), '[]')::text
     FROM product p WHERE p.organization_id = $1 AND p.sku = ANY($2)) AS products,
  (SELECT coalesce(json_agg(json_build_object('sku', p.sku, 'price_list', p.price_list, 'currency', p.currency, 'min_quantity', p.min_quantity::text,
      'valid_from_on', nullif(p.valid_from_on, '0001-01-01'), 'valid_to_on', p.valid_to_on, 'unit_price', p.unit_price::text, 'price_quantity', p.price_quantity::text,
      'version', p.version, 'updated_at', p.updated_at) ORDER BY p.sku), '[]')::text
     FROM price p WHERE p.organization_id = $1 AND p.sku = ANY($2)
       AND p.price_list IN (SELECT 'default' UNION ALL SELECT c.price_list FROM customers c)) AS prices,
  (SELECT coalesce(json_agg(json_build_object('country', t.country, 'region', nullif(t.region, ''), 'tax_category', t.tax_category,
      'tax_scheme_category', t.tax_scheme_category, 'name', t.name, 'rate', t.rate::text, 'base_fraction', t.base_numerator || '/' || t.base_denominator,
      'valid_from_on', nullif(t.valid_from_on, '0001-01-01'), 'valid_to_on', t.valid_to_on, 'version', t.version, 'updated_at', t.updated_at)), '[]')::text
     FROM tax_rate t WHERE t.organization_id = $1
       AND (t.country = ANY($8) OR t.country IN (SELECT o.country FROM organization o WHERE o.id = $1)
         OR t.country IN (SELECT a.value->>'country' FROM customers c, jsonb_array_elements(c.addresses || jsonb_build_array(c.shipping_address, c.billing_address)) a))) AS tax_rates,
  (SELECT coalesce(json_agg(json_build_object('id', c.id, 'code', c.code, 'name', c.name, 'guest', c.guest, 'email', c.email, 'currency', c.currency,
      'payment_terms', c.payment_terms, 'price_list', c.price_list, 'blocked', c.blocked, 'bill_to_customer_id', c.bill_to_customer_id, 'sales_rep', c.sales_rep,
      'addresses', c.addresses, 'billing_address', c.billing_address, 'shipping_address', c.shipping_address,
      'credit', (SELECT json_build_object('currency', b.currency, 'available', (b.limit_amount - b.open_orders - b.unpaid)::text)
         FROM customer_balance b WHERE b.organization_id = $1 AND b.customer_id = c.id)) ORDER BY c.created_at, c.id), '[]')::text
     FROM customers c) AS customers,
  (SELECT coalesce(json_agg(json_build_object('code', c.code, 'active', c.active, 'settings', c.settings)), '[]')::text
     FROM channel c WHERE c.organization_id = $1 AND c.code = ANY($6)) AS channels,
  (SELECT coalesce(json_agg(json_build_object('code', t.code, 'prepayment', t.prepayment)), '[]')::text
     FROM payment_term t WHERE t.organization_id = $1
       AND (t.code = ANY($7) OR t.code = 'due_on_receipt' OR t.code IN (SELECT c.payment_terms FROM customers c))) AS payment_terms,
  (SELECT coalesce(json_agg(json_build_object('code', l.code, 'priority', l.priority)), '[]')::text
     FROM location l WHERE l.organization_id = $1 AND l.active AND l.kind <> 'supplier') AS locations,
  (SELECT coalesce(json_agg(json_build_object('sku', s.sku, 'location', s.location,
      'available', (s.on_hand - s.reserved - s.safety_stock - s.quarantined)::text)), '[]')::text
     FROM stock_level s WHERE s.organization_id = $1 AND s.sku = ANY($2)) AS stock,
  (SELECT coalesce(json_agg(json_build_object('customer_id', o.customer_id, 'purchase_order_number', o.purchase_order_number, 'number', o.number)), '[]')::text
     FROM customers c CROSS JOIN LATERAL (SELECT o.customer_id, o.purchase_order_number, o.number FROM sales_order o
       WHERE o.organization_id = $1 AND o.customer_id = c.id AND o.purchase_order_number = ANY($9) AND o.ordered_at >= $10 AND o.status <> 'cancelled' LIMIT 50) o
     WHERE cardinality($9::text[]) > 0) AS same_purchase_orders,
  (SELECT coalesce(json_agg(json_build_object('email', lower(c.email), 'channel', o.channel, 'number', o.number, 'total', o.total::text, 'currency', o.currency,
      'lines', (SELECT json_agg(json_build_array(l.sku, l.unit, l.quantity::text) ORDER BY l.sku, l.unit, l.quantity) FROM order_line l
         WHERE l.organization_id = $1 AND l.order_id = o.id))), '[]')::text
     FROM customers c CROSS JOIN LATERAL (SELECT o.id, o.channel, o.number, o.total, o.currency FROM sales_order o
       WHERE o.organization_id = $1 AND o.customer_id = c.id AND o.id >= $11 AND o.status <> 'cancelled'
         AND NOT (cardinality($6::text[]) = 1 AND o.channel = ($6::text[])[1]) ORDER BY o.id DESC LIMIT 50) o
     WHERE c.email IS NOT NULL) AS same_email_orders
