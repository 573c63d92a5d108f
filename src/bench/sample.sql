-- One captured order as texts, the variables of benches/pgbench/capture_one.sql; pgbench takes no empty ones, so - stands for none.
SELECT to_jsonb(sample) AS sample FROM (
  SELECT o.organization_id::text AS organization, o.document, o.detail::text AS detail, o.milestones::text AS milestones, o.channel, o.currency,
    o.subtotal::text AS subtotal, o.discount_total::text AS discount_total, o.shipping_net::text AS shipping_net, o.tax_total::text AS tax_total, o.total::text AS total,
    '\x' || encode(c.answer, 'hex') AS answer, '\x' || encode(c.hash, 'hex') AS hash, c.headers, left(c.key, -32) AS key_prefix,
    l.line_numbers, l.quantities, l.unit_prices, l.net_amounts, l.tax_amounts, l.line_details, l.product_name, l.tax_rate, l.promised_on,
    f.location, coalesce(f.ship_by_on::text, '-') AS ship_by_on,
    (SELECT coalesce(min(a.reason), '-') FROM allocation a WHERE a.organization_id = o.organization_id AND a.order_id = o.id) AS reason,
    e.actor, e.origin, e.event_types, e.event_data
  FROM sales_order o
  JOIN claim c ON c.organization_id = o.organization_id AND c.kind = 'k' AND c.subject_id = o.id
  CROSS JOIN LATERAL (
    SELECT array_agg(line_number ORDER BY line_number)::text AS line_numbers, array_agg(quantity ORDER BY line_number)::text AS quantities,
      array_agg(unit_price ORDER BY line_number)::text AS unit_prices, array_agg(net_amount ORDER BY line_number)::text AS net_amounts,
      array_agg(tax_amount ORDER BY line_number)::text AS tax_amounts, array_agg(detail::text ORDER BY line_number)::text AS line_details,
      min(name) AS product_name, min(tax_rate)::text AS tax_rate, coalesce(min(promised_on)::text, '-') AS promised_on
    FROM order_line WHERE organization_id = o.organization_id AND order_id = o.id) l
  JOIN fulfillment_order f ON f.organization_id = o.organization_id AND f.order_id = o.id
  CROSS JOIN LATERAL (
    SELECT min(actor) AS actor, coalesce(min(origin), '-') AS origin, array_agg(type ORDER BY id)::text AS event_types, array_agg(data ORDER BY id)::text AS event_data
    FROM event WHERE organization_id = o.organization_id AND order_id = o.id) e
  WHERE o.organization_id = $1 AND o.number LIKE 'SO-%' AND o.status = 'confirmed' AND o.external_id IS NULL
  ORDER BY o.id DESC LIMIT 1
) sample
