-- The orders with the numbers :first to :last. The newest 2 in 100 are open, one in four of them on hold where it is younger than
-- the five days in which no hold expires; of the others 9 in 100 were cancelled and the rest is completed.
SELECT pg_advisory_xact_lock_shared(last_value) FROM event_id;
TRUNCATE history_order, history_line, history_total;
INSERT INTO history_order
SELECT n, pg_temp.history_id(ordered_at, 'o' || n), pg_temp.history_number('SO-', n), stage, ordered_at, ordered_at + interval '20 hours',
  ordered_at + interval '3 days', paid_at,
  CASE stage WHEN 'completed' THEN paid_at WHEN 'cancelled' THEN ordered_at + interval '5 hours' ELSE ordered_at END,
  floor(customers * power(pg_temp.history_chance(n, 1), 2)), floor(places * power(pg_temp.history_chance(n, 2), 1.5)), c.code,
  CASE WHEN c.code <> 'direct' THEN upper(c.code) || '-' || n END,
  CASE WHEN pg_temp.history_chance(n, 3) < 0.6 THEN (ARRAY['Putu Ayu Saraswati', 'Budi Santoso', 'Maria Simatupang', 'Agus Wijaya', 'Dewi Lestari'])
    [1 + floor(5 * power(pg_temp.history_chance(n, 4), 3))::int] END,
  CASE WHEN pg_temp.history_chance(n, 5) < 0.3 THEN 'PO-' || n END,
  pg_temp.history_id(ordered_at, 'f' || n), pg_temp.history_id(ordered_at + interval '20 hours', 's' || n),
  pg_temp.history_id(ordered_at + interval '21 hours', 'i' || n), NULL
FROM (
  SELECT t.*, n, ordered_at, date_trunc('week', ordered_at) + interval '12 days' AS paid_at,
    CASE WHEN n >= t.first + t.orders * 0.98 THEN
        CASE WHEN ordered_at > until - interval '5 days' AND pg_temp.history_chance(n, 6) < 0.25 THEN 'on_hold' ELSE 'open' END
      WHEN pg_temp.history_chance(n, 7) < 0.09 THEN 'cancelled' ELSE 'completed' END AS stage,
    -- Half of them came directly, the others through the other channels, the first of these most.
    CASE WHEN channels = 1 OR pg_temp.history_chance(n, 8) < 0.5 THEN 0
      ELSE 1 + floor((channels - 1) * power(pg_temp.history_chance(n, 9), 2)) END AS channel
  FROM history_template t
  CROSS JOIN LATERAL (
    SELECT n, date_trunc('second', until - interval '730 days' + interval '730 days' * ((n - t.first + 0.5) / t.orders)) AS ordered_at
    FROM generate_series(:first, :last) n) o
) o
JOIN history_channel c ON c.no = o.channel;
ANALYZE history_order;
INSERT INTO history_line
SELECT n, line_number, id, place, shelf, quantity, gross,
  round(sum(gross) OVER w * rate * taxed / whole, minor) - round((sum(gross) OVER w - gross) * rate * taxed / whole, minor)
FROM (
  SELECT l.*, round(l.quantity * s.price / s.price_quantity, t.minor) AS gross, t.rate, t.taxed, t.whole, t.minor
  FROM (
    SELECT o.n, k.line_number::smallint AS line_number, pg_temp.history_id(o.ordered_at, k.line_number || 'l' || o.n) AS id, o.place,
      -- Neighbours of the first choice, so that no SKU occurs twice where a location has three or more.
      (floor(p.skus * power(pg_temp.history_chance(o.n, 10), 2))::bigint + (k.line_number - 1) * (1 + p.skus / 7)) % p.skus AS shelf,
      (1 + floor(5 * power(pg_temp.history_chance(o.n, 20 + k.line_number), 2)))::numeric AS quantity
    FROM history_order o
    JOIN history_place p ON p.no = o.place
    CROSS JOIN generate_series(1, 3) AS k(line_number)
  ) l
  JOIN history_shelf s ON s.place = l.place AND s.no = l.shelf
  CROSS JOIN history_template t
) l
WINDOW w AS (PARTITION BY n ORDER BY line_number);
ANALYZE history_line;
INSERT INTO history_total
SELECT n, net, shipping_tax, tax, net + shipping_net + tax,
  '{' || tax_group || ',"net_amount":"' || net + shipping_net || '","taxable_amount":"' || round((net + shipping_net) * taxed / whole, minor)
    || '","tax_amount":"' || tax || '"', event_lines, cancelled_lines
FROM (
  SELECT l.*, t.*, round((net + t.shipping_net) * rate * taxed / whole, minor) - line_tax AS shipping_tax,
    round((net + t.shipping_net) * rate * taxed / whole, minor) AS tax
  FROM (
    SELECT l.n, sum(l.gross) AS net, sum(l.tax) AS line_tax,
      string_agg('{"allocated_quantity":"' || l.quantity || '","backordered_quantity":"0","id":"' || l.id || '","quantity":"' || l.quantity || '","sku":'
        || to_json(s.sku) || '}', ',' ORDER BY l.line_number) AS event_lines,
      jsonb_agg(jsonb_build_object('order_line_id', l.id, 'quantity', l.quantity::text) ORDER BY l.line_number) AS cancelled_lines
    FROM history_line l
    JOIN history_shelf s ON s.place = l.place AND s.no = l.shelf
    GROUP BY 1
  ) l
  CROSS JOIN history_template t
) l;
ANALYZE history_total;
-- One payment a customer and week settles his completed orders of that week.
UPDATE history_order o SET payment_id = pg_temp.history_id(p.paid_at, 'p' || p.n)
FROM (SELECT customer, paid_at, min(n) AS n FROM history_order WHERE stage = 'completed' GROUP BY 1, 2) p
WHERE o.stage = 'completed' AND o.customer = p.customer AND o.paid_at = p.paid_at;
INSERT INTO claim (organization_id, kind, key, subject_id, hash, status, created_at)
SELECT t.organization_id, 'x', channel || '/' || external_id, id, sha256(number::bytea), 201, ordered_at
FROM history_order, history_template t WHERE external_id IS NOT NULL;
INSERT INTO sales_order (organization_id, id, number, version, status, fulfillment_status, invoice_status, payment_status, channel, external_id, customer_id,
  bill_to_customer_id, currency, subtotal, discount_total, shipping_net, tax_total, total, amount_invoiced, amount_paid, uninvoiced_total, document, detail,
  milestones, sales_rep, purchase_order_number, ordered_at, updated_at)
SELECT t.organization_id, o.id, o.number, CASE stage WHEN 'completed' THEN 6 WHEN 'open' THEN 1 ELSE 2 END,
  CASE stage WHEN 'open' THEN 'confirmed' ELSE stage END,
  CASE stage WHEN 'completed' THEN 'delivered' ELSE 'unfulfilled' END, CASE stage WHEN 'completed' THEN 'invoiced' ELSE 'not_invoiced' END,
  CASE stage WHEN 'completed' THEN 'paid' ELSE 'unpaid' END, o.channel, o.external_id, c.id, c.id, t.currency, s.subtotal, 0, t.shipping_net, s.tax, s.total,
  CASE stage WHEN 'completed' THEN s.total ELSE 0 END, CASE stage WHEN 'completed' THEN s.total ELSE 0 END,
  CASE stage WHEN 'completed' THEN 0 WHEN 'cancelled' THEN 0 ELSE s.total END,
  replace(replace(replace(t.document, '@customer@', c.snapshot), '@tax@', '[' || s.taxes || ',"exemption_code":null,"exemption_reason":null,"tax_name":null}]'), '@shipping_tax@', s.shipping_tax::text),
  CASE stage WHEN 'completed' THEN t.detail
    WHEN 'cancelled' THEN t.detail_unshipped || jsonb_build_object('cancellations', jsonb_build_array(jsonb_build_object(
      'at', o.updated_at, 'by', 'system', 'code', 'customer_request', 'detail', NULL, 'lines', s.cancelled_lines)))
    ELSE t.detail_unshipped END,
  jsonb_build_object('ordered_at', ordered_at, 'captured_at', ordered_at, 'verified_at', ordered_at, 'confirmed_at', CASE WHEN stage <> 'on_hold' THEN ordered_at END,
    'allocated_at', CASE WHEN stage <> 'cancelled' THEN ordered_at END,
    'picked_at', CASE WHEN stage = 'completed' THEN ordered_at + interval '18 hours' END, 'packed_at', CASE WHEN stage = 'completed' THEN ordered_at + interval '19 hours' END,
    'first_shipped_at', CASE WHEN stage = 'completed' THEN shipped_at END, 'shipped_at', CASE WHEN stage = 'completed' THEN shipped_at END,
    'delivered_at', CASE WHEN stage = 'completed' THEN delivered_at END, 'invoiced_at', CASE WHEN stage = 'completed' THEN shipped_at + interval '1 hour' END,
    'paid_at', CASE WHEN stage = 'completed' THEN paid_at END, 'completed_at', CASE WHEN stage = 'completed' THEN shipped_at + interval '1 hour' END,
    'cancelled_at', CASE WHEN stage = 'cancelled' THEN o.updated_at END),
  o.sales_rep, o.purchase_order_number, o.ordered_at, o.updated_at
FROM history_order o
JOIN history_total s USING (n)
JOIN history_customer c ON c.no = o.customer
CROSS JOIN history_template t
ORDER BY o.n;
INSERT INTO order_line (organization_id, order_id, line_number, id, sku, name, kind, unit, quantity, original_quantity, unit_price, price_quantity, discount_amount,
  net_amount, tax_category, tax_rate, tax_amount, allocated, initially_allocated, shipped, delivered, cancelled, invoiced, detail)
SELECT t.organization_id, o.id, l.line_number, l.id, s.sku, s.name, 'stocked', s.unit, l.quantity, l.quantity, s.price, s.price_quantity, 0, l.gross, t.tax_category, t.rate, l.tax,
  CASE WHEN stage IN ('open', 'on_hold') THEN l.quantity ELSE 0 END, l.quantity, done.quantity, done.quantity, CASE stage WHEN 'cancelled' THEN l.quantity ELSE 0 END,
  done.quantity, t.line_detail || jsonb_build_object('gross_amount', l.gross::text)
FROM history_line l
JOIN history_order o USING (n)
JOIN history_shelf s ON s.place = l.place AND s.no = l.shelf
CROSS JOIN history_template t
CROSS JOIN LATERAL (SELECT CASE stage WHEN 'completed' THEN l.quantity ELSE 0 END AS quantity) done
ORDER BY l.n, l.line_number;
INSERT INTO order_hold (organization_id, order_id, id, code, scope, blocks, releasable_by, detail, raised_at, raised_by)
SELECT t.organization_id, o.id, pg_temp.history_id(o.ordered_at, 'h' || o.n), 'manual', 'order', ARRAY['fulfillment', 'shipping'], ARRAY['sales', 'admin'],
  'Customer asked to wait', o.ordered_at, 'system'
FROM history_order o, history_template t WHERE o.stage = 'on_hold';
INSERT INTO fulfillment_order (organization_id, id, order_id, number, location, status, version, created_at, updated_at)
SELECT t.organization_id, o.fulfillment_order_id, o.id, o.number || '-F1', p.location,
  CASE stage WHEN 'completed' THEN 'shipped' ELSE stage END, CASE stage WHEN 'completed' THEN 3 WHEN 'open' THEN 1 ELSE 2 END,
  o.ordered_at, CASE stage WHEN 'completed' THEN o.shipped_at WHEN 'cancelled' THEN o.updated_at ELSE o.ordered_at END
FROM history_order o
JOIN history_place p ON p.no = o.place
CROSS JOIN history_template t
ORDER BY o.n;
INSERT INTO allocation (organization_id, order_id, line_number, fulfillment_order_id, sku, location, quantity, picked, packed, shipped, reason)
SELECT t.organization_id, o.id, l.line_number, o.fulfillment_order_id, s.sku, s.location, l.quantity, done.quantity, done.quantity, done.quantity, 'whole_order'
FROM history_line l
JOIN history_order o USING (n)
JOIN history_shelf s ON s.place = l.place AND s.no = l.shelf
CROSS JOIN history_template t
CROSS JOIN LATERAL (SELECT CASE stage WHEN 'completed' THEN l.quantity ELSE 0 END AS quantity) done
WHERE o.stage <> 'cancelled'
ORDER BY l.n, l.line_number;
INSERT INTO shipment (organization_id, id, number, order_id, fulfillment_order_id, location, carrier, status, delivery_source, shipped_at, delivered_at, version, created_at, updated_at)
SELECT t.organization_id, o.shipment_id, o.number || '-S1', o.id, o.fulfillment_order_id, p.location, 'jne', 'delivered', 'carrier', o.shipped_at, o.delivered_at, 2,
  o.shipped_at, o.delivered_at
FROM history_order o
JOIN history_place p ON p.no = o.place
CROSS JOIN history_template t
WHERE o.stage = 'completed'
ORDER BY o.n;
INSERT INTO shipment_line (organization_id, shipment_id, order_id, line_number, order_line_id, sku, quantity, invoiced, unit_cost)
SELECT t.organization_id, o.shipment_id, o.id, l.line_number, l.id, s.sku, l.quantity, l.quantity, s.unit_cost
FROM history_line l
JOIN history_order o USING (n)
JOIN history_shelf s ON s.place = l.place AND s.no = l.shelf
CROSS JOIN history_template t
WHERE o.stage = 'completed'
ORDER BY l.n, l.line_number;
WITH series AS (
  UPDATE invoice_series SET next_number = next_number + done.orders, version = version + 1, last_issued_on = done.on_date, year = extract(year FROM done.on_date),
    updated_at = now()
  FROM (SELECT count(*) AS orders, max((shipped_at + interval '1 hour')::date) AS on_date FROM history_order WHERE stage = 'completed') done
  WHERE organization_id = (SELECT organization_id FROM history_template) AND code = 'HIST' AND done.orders > 0
  RETURNING next_number - done.orders AS first, prefix
)
INSERT INTO invoice (organization_id, id, number, series, series_number, status, order_id, customer_id, currency, exchange_rate, subtotal, discount_total, shipping_net,
  shipping_tax, tax_total, total, amount_paid, supply_on, issued_on, due_on, document, actor, version, created_at, updated_at)
SELECT t.organization_id, o.invoice_id, pg_temp.history_number(series.prefix, series.first + o.place_in_series), 'HIST', series.first + o.place_in_series, 'paid',
  o.id, c.id, t.currency, t.exchange_rate, s.subtotal, 0, t.shipping_net, s.shipping_tax, s.tax, s.total, s.total, o.shipped_at::date, o.issued_at::date,
  o.issued_at::date + 30,
  replace(replace(replace(replace(t.invoice, '@bill_to@', substr(c.snapshot, 2, length(c.snapshot) - 2)), '@tax@', '[' || s.taxes || ',"exemption_code":null,"exemption_reason":null,"tax_name":null}]'),
    '@order@', '"id":"' || o.id || '","number":"' || o.number || '","purchase_order_number":' || coalesce(to_json(o.purchase_order_number)::text, 'null')),
    '@tax_total@', s.tax::text),
  'system', 2, o.issued_at, o.paid_at
FROM series
CROSS JOIN (SELECT o.*, o.shipped_at + interval '1 hour' AS issued_at, row_number() OVER (ORDER BY n) - 1 AS place_in_series
  FROM history_order o WHERE stage = 'completed') o
JOIN history_total s USING (n)
JOIN history_customer c ON c.no = o.customer
CROSS JOIN history_template t
ORDER BY o.n;
INSERT INTO invoice_line (organization_id, invoice_id, line_number, id, order_id, order_line_number, order_line_id, shipment_id, sku, name, unit, quantity, unit_price,
  price_quantity, discount_amount, net_amount, tax_category, tax_rate, tax_amount, detail)
SELECT t.organization_id, o.invoice_id, l.line_number, pg_temp.history_id(o.shipped_at, l.line_number || 'v' || o.n), o.id, l.line_number, l.id, o.shipment_id, s.sku, s.name,
  s.unit, l.quantity, s.price, s.price_quantity, 0, l.gross, t.tax_category, t.rate, l.tax, t.invoice_line_detail
FROM history_line l
JOIN history_order o USING (n)
JOIN history_shelf s ON s.place = l.place AND s.no = l.shelf
CROSS JOIN history_template t
WHERE o.stage = 'completed'
ORDER BY l.n, l.line_number;
WITH paid AS (
  SELECT payment_id, customer, paid_at, sum(total) AS amount, row_number() OVER (ORDER BY payment_id) AS place
  FROM history_order JOIN history_total USING (n) WHERE payment_id IS NOT NULL GROUP BY 1, 2, 3
), block AS (
  INSERT INTO number_block AS b (organization_id, series, next)
  SELECT organization_id, 'payment', 1 + (SELECT count(*) FROM paid) FROM history_template
  ON CONFLICT (organization_id, series) DO UPDATE SET next = b.next + (SELECT count(*) FROM paid)
  RETURNING next - (SELECT count(*) FROM paid) - 1 AS before
)
INSERT INTO payment (organization_id, id, number, customer_id, currency, method, status, amount, amount_captured, amount_applied, received_on, reference, actor,
  created_at, updated_at, captured_at)
SELECT t.organization_id, p.payment_id, pg_temp.history_number('RCP-', block.before + p.place), c.id, t.currency, 'bank_transfer', 'captured', p.amount, p.amount, p.amount,
  p.paid_at::date, 'weekly settlement', 'system', p.paid_at, p.paid_at, p.paid_at
FROM paid p
JOIN history_customer c ON c.no = p.customer
CROSS JOIN block
CROSS JOIN history_template t
WHERE p.amount > 0
ORDER BY p.payment_id;
INSERT INTO payment_allocation (organization_id, payment_id, id, invoice_id, order_id, amount, created_at)
SELECT t.organization_id, o.payment_id, pg_temp.history_id(o.paid_at, 'a' || o.n), o.invoice_id, o.id, s.total, o.paid_at
FROM history_order o
JOIN history_total s USING (n)
CROSS JOIN history_template t
WHERE o.payment_id IS NOT NULL AND s.total > 0
ORDER BY o.n;
INSERT INTO event (organization_id, type, order_id, subject_type, subject_id, actor, data, occurred_at)
SELECT t.organization_id, 'order.captured', o.id, 'order', o.id, 'system',
  '{"channel":' || to_json(o.channel) || ',"currency":"' || t.currency || '","customer_id":"' || c.id || '","external_id":' || coalesce(to_json(o.external_id)::text, 'null')
    || ',"holds":[],"id":"' || o.id || '","lines":[' || s.event_lines || '],"number":"' || o.number || '","status":"confirmed","total":"' || s.total || '","version":1}',
  o.ordered_at
FROM history_order o
JOIN history_total s USING (n)
JOIN history_customer c ON c.no = o.customer
CROSS JOIN history_template t
ORDER BY o.n;
INSERT INTO history_moved AS m (place, shelf, shipped, open)
SELECT place, shelf, coalesce(sum(quantity) FILTER (WHERE stage = 'completed'), 0), coalesce(sum(quantity) FILTER (WHERE stage IN ('open', 'on_hold')), 0)
FROM (SELECT l.place, l.shelf, l.quantity, o.stage FROM history_line l JOIN history_order o USING (n)) l GROUP BY 1, 2
ON CONFLICT (place, shelf) DO UPDATE SET shipped = m.shipped + excluded.shipped, open = m.open + excluded.open;
