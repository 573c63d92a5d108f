o AS MATERIALIZED (SELECT * FROM unnest($9::uuid[], $10::uuid[], $11::int4[], $12::text[], $13::text[], $14::text[], $15::text[], $16::uuid[], $17::uuid[], $18::text[],
   $19::numeric[], $20::numeric[], $21::numeric[], $22::numeric[], $23::numeric[], $24::numeric[], $25::text[], $26::text[], $27::text[], $28::text[], $29::text[],
   $30::timestamptz[], $31::timestamptz[], $32::numeric[], $33::text[], $83::text[])
  WITH ORDINALITY AS t(org, id, claims, number, status, channel, external_id, customer, bill_to, currency,
   subtotal, discount_total, shipping_net, tax_total, total, uninvoiced, document, detail, milestones, sales_rep, purchase_order,
   ordered_at, at, open_amount, payment_status, fulfillment_status, ord)),
-- An order exists only if it won all of its claims.
won AS MATERIALIZED (SELECT o.* FROM o JOIN (SELECT subject_id, count(*) AS n FROM c GROUP BY 1) w ON w.subject_id = o.id AND w.n = o.claims),
-- Balances of the customers that have a limit, locked sorted, raised only where the limit holds.
bl AS MATERIALIZED (SELECT b.organization_id, b.customer_id, d.amount FROM (SELECT org, bill_to, currency, sum(open_amount) AS amount FROM won
   WHERE open_amount <> 0 GROUP BY 1, 2, 3) d
  JOIN customer_balance b ON b.organization_id = d.org AND b.customer_id = d.bill_to AND b.currency = d.currency ORDER BY 1, 2 FOR NO KEY UPDATE OF b),
bu AS (UPDATE customer_balance b SET open_orders = b.open_orders + bl.amount FROM bl
  WHERE b.organization_id = bl.organization_id AND b.customer_id = bl.customer_id AND b.open_orders + b.unpaid + bl.amount <= b.limit_amount RETURNING 1),
-- mark: supply
-- Demand per (SKU, location), locked sorted, reserved only where available. Depends on the balances by data, since the order of CTEs is open.
al AS MATERIALIZED (SELECT won.org, won.id, a.* FROM unnest($34::int4[], $35::int2[], $36::uuid[], $37::text[], $38::text[], $39::numeric[], $40::numeric[], $41::text[])
   AS a(ord, line_number, fulfillment_order_id, sku, location, quantity, unit_factor, reason) JOIN won ON won.ord = a.ord),
dem AS MATERIALIZED (SELECT org, sku COLLATE "C" AS sku, location COLLATE "C" AS location, sum(quantity * unit_factor) AS quantity FROM al
  WHERE (SELECT count(*) FROM bu) >= 0
-- mark: after supply
  GROUP BY 1, 2, 3),
lck AS MATERIALIZED (SELECT s.organization_id, s.sku, s.location, dem.quantity FROM dem
  JOIN stock_level s ON s.organization_id = dem.org AND s.sku = dem.sku AND s.location = dem.location ORDER BY 1, 2, 3 FOR NO KEY UPDATE OF s),
upd AS (UPDATE stock_level s SET reserved = s.reserved + lck.quantity, version = s.version + 1, updated_at = greatest(s.updated_at, (SELECT max(at) FROM o)) FROM lck
  WHERE s.organization_id = lck.organization_id AND s.sku = lck.sku AND s.location = lck.location
  AND s.on_hand - s.reserved - s.safety_stock - s.quarantined >= lck.quantity
  RETURNING s.organization_id, s.sku, s.location, s.on_hand, s.reorder_point, s.on_hand - s.reserved - s.safety_stock - s.quarantined AS available, lck.quantity),
-- Rows. None of these is read by the main SELECT, so Postgres runs them last; foreign keys are checked after all of them.
io AS (INSERT INTO sales_order (organization_id, id, number, status, fulfillment_status, payment_status, channel, external_id, customer_id, bill_to_customer_id, currency, subtotal, discount_total,
   shipping_net, tax_total, total, uninvoiced_total, document, detail, milestones, sales_rep, purchase_order_number, ordered_at, updated_at)
  SELECT org, id, number, status, fulfillment_status, payment_status, channel, external_id, customer, bill_to, currency, subtotal, discount_total,
   shipping_net, tax_total, total, uninvoiced, document, detail::jsonb, milestones::jsonb, sales_rep, purchase_order, ordered_at, at FROM won),
il AS (INSERT INTO order_line (organization_id, order_id, line_number, id, sku, name, kind, unit, unit_factor, quantity, original_quantity, unit_price, price_quantity, discount_amount,
   net_amount, tax_category, tax_rate, tax_amount, unallocated, backordered, allocated, initially_allocated, shipped, delivered, requested_on, first_promised_on, promised_on, detail)
  SELECT won.org, won.id, l.line_number, l.id, l.sku, l.name, l.kind, l.unit, l.unit_factor, l.quantity, l.quantity, l.unit_price, l.price_quantity, l.discount_amount,
   l.net_amount, l.tax_category, l.tax_rate, l.tax_amount, l.unallocated, l.backordered, l.allocated, l.allocated, l.performed, l.performed, l.requested_on, l.promised_on, l.promised_on, l.detail::jsonb
  FROM unnest($42::int4[], $43::int2[], $44::uuid[], $45::text[], $46::text[], $47::text[], $48::text[], $49::numeric[], $50::numeric[], $51::numeric[], $52::numeric[], $53::numeric[],
   $54::numeric[], $55::text[], $56::numeric[], $57::numeric[], $58::numeric[], $59::numeric[], $60::numeric[], $61::date[], $62::date[], $63::text[], $84::numeric[])
   AS l(ord, line_number, id, sku, name, kind, unit, unit_factor, quantity, unit_price, price_quantity, discount_amount, net_amount, tax_category, tax_rate, tax_amount,
   unallocated, backordered, allocated, requested_on, promised_on, detail, performed) JOIN won ON won.ord = l.ord),
fu AS (INSERT INTO fulfillment_order (organization_id, id, order_id, number, location, status, ship_by_on, created_at, updated_at)
  SELECT won.org, f.id, won.id, f.number, f.location, f.status, f.ship_by_on, won.at, won.at
  FROM unnest($64::int4[], $65::uuid[], $66::text[], $67::text[], $68::text[], $69::date[]) AS f(ord, id, number, location, status, ship_by_on) JOIN won ON won.ord = f.ord),
ia AS (INSERT INTO allocation (organization_id, order_id, line_number, fulfillment_order_id, sku, location, quantity, unit_factor, reason)
  SELECT org, id, line_number, fulfillment_order_id, sku, location, quantity, unit_factor, reason FROM al),
ih AS (INSERT INTO order_hold (organization_id, order_id, id, code, scope, order_line_id, blocks, releasable_by, data, detail, raised_at, raised_by)
  SELECT won.org, won.id, h.id, h.code, CASE WHEN h.order_line_id IS NULL THEN 'order' ELSE 'line' END, h.order_line_id, string_to_array(h.blocks, ','),
   string_to_array(h.releasable_by, ','), h.data::jsonb, h.detail, won.at, h.raised_by
  FROM unnest($70::int4[], $71::uuid[], $72::text[], $73::uuid[], $74::text[], $75::text[], $76::text[], $77::text[], $78::text[])
   AS h(ord, id, code, order_line_id, blocks, releasable_by, data, detail, raised_by) JOIN won ON won.ord = h.ord),
ev AS (INSERT INTO event (organization_id, type, order_id, subject_type, subject_id, actor, data, occurred_at, origin)
  SELECT won.org, e.type, won.id, 'order', won.id, e.actor, e.data, won.at, e.origin
  FROM unnest($79::int4[], $80::text[], $81::text[], $82::text[], $85::text[]) WITH ORDINALITY AS e(ord, type, actor, data, origin, place) JOIN won ON won.ord = e.ord ORDER BY e.ord, e.place),
-- Told once, by the order that takes a level below its reorder point.
lo AS (INSERT INTO event (organization_id, type, subject_type, subject_id, actor, data, occurred_at)
  SELECT upd.organization_id, 'inventory.low_stock', 'product', p.id, ($81::text[])[1], json_build_object('sku', upd.sku, 'location', upd.location,
    'available', trim_scale(upd.available)::text, 'on_hand', trim_scale(upd.on_hand)::text, 'reorder_point', trim_scale(upd.reorder_point)::text)::text, (SELECT max(at) FROM o)
  FROM upd JOIN product p ON p.organization_id = upd.organization_id AND p.sku = upd.sku
  WHERE upd.available < upd.reorder_point AND upd.available + upd.quantity >= upd.reorder_point)
SELECT coalesce((SELECT array_agg(id) FROM won), '{}') AS won,
  CASE WHEN (SELECT count(*) FROM c) <> (SELECT coalesce(sum(claims), 0) FROM won) THEN capture_refused('claim')
       WHEN (SELECT count(*) FROM bl) <> (SELECT count(*) FROM bu) THEN capture_refused('credit')
-- mark: supply proved
       WHEN (SELECT count(*) FROM dem) <> (SELECT count(*) FROM upd) THEN capture_refused('stock') ELSE 1 END AS fine
