-- The rows of src/orders/store/capture.sql, made in SQL: -D n=1 is one order a transaction, -D n=64 a batch of orders a statement.
-- Every text and amount is that of an order which the server captured just before (src/bench/sample.sql), so row widths are equal and
-- `pesanan check` proves these orders too. SKUs and customers are drawn as the load generator draws them.
WITH fence AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(last_value) FROM event_id),
o AS MATERIALIZED (SELECT :organization::uuid AS org, bench.uuid7() AS id, bench.uuid7() AS fulfillment_order_id, nextval('bench.number') AS number,
   ('0190b000-0000-7000-8000-' || lpad(floor(random() * :customers::int)::int::text, 12, '0'))::uuid AS customer, now() AS at
  FROM generate_series(1, :n::int)),
k AS MATERIALIZED (SELECT org, 'k' AS kind, :key_prefix::text || replace(id::text, '-', '') AS key, id, :answer::bytea AS answer FROM o
  UNION ALL SELECT org, 'x', :channel::text || '/EXT-' || replace(id::text, '-', ''), id, NULL FROM o WHERE number % 4 = 0),
c AS (INSERT INTO claim (organization_id, kind, key, subject_id, hash, status, answer, headers, created_at)
  SELECT k.org, k.kind, k.key, k.id, :hash::bytea, 201, k.answer, :headers::text, now() FROM fence, (SELECT * FROM k ORDER BY org, kind COLLATE "C", key COLLATE "C") k
  ON CONFLICT DO NOTHING RETURNING subject_id),
won AS MATERIALIZED (SELECT o.* FROM o JOIN (SELECT subject_id, count(*) AS n FROM c GROUP BY 1) w ON w.subject_id = o.id
   AND w.n = CASE WHEN o.number % 4 = 0 THEN 2 ELSE 1 END),
bl AS MATERIALIZED (SELECT b.organization_id, b.customer_id, d.amount FROM (SELECT org, customer, sum(:total::numeric) AS amount FROM won GROUP BY 1, 2) d
  JOIN customer_balance b ON b.organization_id = d.org AND b.customer_id = d.customer AND b.currency = :currency::text ORDER BY 1, 2 FOR NO KEY UPDATE OF b),
bu AS (UPDATE customer_balance b SET open_orders = b.open_orders + bl.amount FROM bl
  WHERE b.organization_id = bl.organization_id AND b.customer_id = bl.customer_id AND b.open_orders + b.unpaid + bl.amount <= b.limit_amount RETURNING 1),
al AS MATERIALIZED (SELECT won.org, won.id, won.at, won.fulfillment_order_id, l.*, 'SKU-' || lpad((1 + floor(random() * :skus::int))::int::text, 6, '0') AS sku
  FROM won, unnest(:line_numbers::int2[], :quantities::numeric[], :unit_prices::numeric[], :net_amounts::numeric[], :tax_amounts::numeric[], :line_details::text[])
   AS l(line_number, quantity, unit_price, net_amount, tax_amount, detail)),
dem AS MATERIALIZED (SELECT org, sku COLLATE "C" AS sku, :location::text COLLATE "C" AS location, sum(quantity) AS quantity FROM al
  WHERE (SELECT count(*) FROM bu) >= 0 GROUP BY 1, 2, 3),
lck AS MATERIALIZED (SELECT s.organization_id, s.sku, s.location, dem.quantity FROM dem
  JOIN stock_level s ON s.organization_id = dem.org AND s.sku = dem.sku AND s.location = dem.location ORDER BY 1, 2, 3 FOR NO KEY UPDATE OF s),
upd AS (UPDATE stock_level s SET reserved = s.reserved + lck.quantity, version = s.version + 1, updated_at = greatest(s.updated_at, now()) FROM lck
  WHERE s.organization_id = lck.organization_id AND s.sku = lck.sku AND s.location = lck.location
  AND s.on_hand - s.reserved - s.safety_stock - s.quarantined >= lck.quantity RETURNING 1),
io AS (INSERT INTO sales_order (organization_id, id, number, status, fulfillment_status, payment_status, channel, external_id, customer_id, bill_to_customer_id, currency, subtotal, discount_total,
   shipping_net, tax_total, total, uninvoiced_total, document, detail, milestones, sales_rep, purchase_order_number, ordered_at, updated_at)
  SELECT org, id, 'PG-' || number, 'confirmed', 'unfulfilled', 'unpaid', :channel::text, CASE WHEN number % 4 = 0 THEN 'EXT-' || replace(id::text, '-', '') END, customer, customer,
   :currency::text, :subtotal::numeric, :discount_total::numeric, :shipping_net::numeric, :tax_total::numeric, :total::numeric, :total::numeric, :document::text, :detail::jsonb,
   :milestones::jsonb, NULL, 'PO-' || lpad(number::text, 12, '0'), at, at FROM won),
il AS (INSERT INTO order_line (organization_id, order_id, line_number, id, sku, name, kind, unit, unit_factor, quantity, original_quantity, unit_price, price_quantity, discount_amount,
   net_amount, tax_category, tax_rate, tax_amount, unallocated, backordered, allocated, initially_allocated, shipped, delivered, requested_on, first_promised_on, promised_on, detail)
  SELECT org, id, line_number, gen_random_uuid(), sku, :product_name::text, 'stocked', 'C62', 1, quantity, quantity, unit_price, 1, 0,
   net_amount, 'standard', :tax_rate::numeric, tax_amount, 0, 0, quantity, quantity, 0, 0, NULL, nullif(:promised_on::text, '-')::date, nullif(:promised_on::text, '-')::date, detail::jsonb FROM al),
fu AS (INSERT INTO fulfillment_order (organization_id, id, order_id, number, location, status, ship_by_on, created_at, updated_at)
  SELECT org, fulfillment_order_id, id, 'PG-' || number || '-F1', :location::text, 'open', nullif(:ship_by_on::text, '-')::date, at, at FROM won),
ia AS (INSERT INTO allocation (organization_id, order_id, line_number, fulfillment_order_id, sku, location, quantity, unit_factor, reason)
  SELECT org, id, line_number, fulfillment_order_id, sku, :location::text, quantity, 1, nullif(:reason::text, '-') FROM al),
ev AS (INSERT INTO event (organization_id, type, order_id, subject_type, subject_id, actor, data, occurred_at, origin)
  SELECT org, e.type, id, 'order', id, :actor::text, e.data, at, CASE WHEN e.place = 1 THEN nullif(:origin::text, '-') END FROM won, unnest(:event_types::text[], :event_data::text[]) WITH ORDINALITY AS e(type, data, place) ORDER BY number, e.place)
SELECT CASE WHEN (SELECT count(*) FROM c) <> (SELECT count(*) FROM k) THEN capture_refused('claim')
       WHEN (SELECT count(*) FROM bl) <> (SELECT count(*) FROM bu) THEN capture_refused('credit')
       WHEN (SELECT count(*) FROM dem) <> (SELECT count(*) FROM upd) THEN capture_refused('stock')
       ELSE (SELECT count(*) FROM won)::int END;
