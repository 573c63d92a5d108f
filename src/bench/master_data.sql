-- The company that the load is put on. $organization, $skus, $scarce and $customers are written in as literals.
-- Ids and SKUs are numbered, so that a load generator can name any of them without reading a list.
INSERT INTO location (organization_id, code, id, name, kind, priority, created_at, updated_at)
SELECT $organization, code, gen_random_uuid(), code, 'warehouse', priority, now(), now()
FROM (VALUES ('jakarta-1', 10), ('surabaya-1', 20), ('bandung-1', 30)) AS l(code, priority);

CREATE TEMPORARY TABLE ware ON COMMIT DROP AS
SELECT 'SKU-' || lpad(n::text, 6, '0') AS sku, n, 1000000000 AS stock FROM generate_series(1, $skus) n
UNION ALL SELECT 'OUT-' || lpad(n::text, 6, '0'), n, 1 FROM generate_series(1, $scarce) n;

INSERT INTO product (organization_id, sku, id, name, kind, unit, tax_category, active, created_at, updated_at)
SELECT $organization, sku, gen_random_uuid(), 'Product ' || lpad(n::text, 6, '0') || ' in blue, large, box of ten', 'stocked', 'C62', 'standard', true, now(), now() FROM ware;

-- Some customers have prices of their own.
INSERT INTO price (organization_id, price_list, sku, currency, unit_price, updated_at)
SELECT $organization, list, sku, 'IDR', (5000 + n % 90 * 1500) * factor, now()
FROM ware, (VALUES ('default', 1.00), ('wholesale', 0.95)) AS l(list, factor);

INSERT INTO tax_rate (organization_id, country, tax_category, tax_scheme_category, name, rate, base_numerator, base_denominator, updated_at)
VALUES ($organization, 'ID', 'standard', 'S', 'PPN', 0.12, 11, 12, now());

INSERT INTO stock_level (organization_id, sku, location, on_hand, updated_at)
SELECT $organization, sku, location.code, stock, now() FROM ware, location WHERE location.organization_id = $organization;
INSERT INTO stock_movement (organization_id, sku, location, kind, quantity, actor, occurred_at, recorded_at)
SELECT organization_id, sku, location, 'receipt', on_hand, 'system', now(), now() FROM stock_level WHERE organization_id = $organization;

-- One in five has a credit limit, one in ten the wholesale prices.
INSERT INTO customer (organization_id, id, code, name, kind, email, payment_terms, credit_limit, price_list, shipping_address, created_at, updated_at)
SELECT $organization, ('0190b000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'C' || lpad(n::text, 6, '0'), 'PT Customer Number ' || lpad(n::text, 6, '0'), 'company',
  'orders' || n || '@example.com', 'net_30', CASE WHEN n % 5 = 0 THEN 10000000000000 END, CASE WHEN n % 10 = 1 THEN 'wholesale' END,
  jsonb_build_object('name', 'Siti Rahayu', 'line1', 'Jl. Braga ' || n % 200, 'city', 'Bandung', 'region', 'Jawa Barat', 'postal_code', '40111', 'country', 'ID'), now(), now()
FROM generate_series(0, $customers - 1) n;
INSERT INTO customer_balance (organization_id, customer_id, currency, limit_amount)
SELECT organization_id, id, 'IDR', credit_limit FROM customer WHERE organization_id = $organization AND credit_limit IS NOT NULL;
