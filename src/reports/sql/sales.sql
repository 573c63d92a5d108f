-- Orders by the local date of ordering, ever confirmed; invoices less credit notes by their date of issue. By period, group and
-- currency. By SKU there is no order-level discount, shipping or total: they belong to no line.
WITH p AS MATERIALIZED (
  SELECT $1::uuid AS organization_id, $2::text AS time_zone, $3::date AS from_on, $4::date AS to_on, $5::text AS interval,
    $6::text AS group_by, $7::text AS currency
), document AS (
  SELECT o.id AS order_id, NULL::uuid AS invoice_id, NULL::uuid AS credit_note_id, 1 AS sign, (o.ordered_at AT TIME ZONE p.time_zone)::date AS on_date,
    o.currency, o.subtotal AS net, o.discount_total AS discount, o.shipping_net AS shipping, o.tax_total AS tax, o.total
  FROM p JOIN sales_order o ON o.organization_id = p.organization_id
  WHERE o.milestones ->> 'confirmed_at' IS NOT NULL
    AND (p.from_on IS NULL OR o.ordered_at >= p.from_on::timestamp AT TIME ZONE p.time_zone)
    AND o.ordered_at < (p.to_on + 1)::timestamp AT TIME ZONE p.time_zone
  UNION ALL
  SELECT i.order_id, i.id, NULL, 1, i.issued_on, i.currency, i.subtotal, i.discount_total, i.shipping_net, i.tax_total, i.total
  FROM p JOIN invoice i ON i.organization_id = p.organization_id
  WHERE (p.from_on IS NULL OR i.issued_on >= p.from_on) AND i.issued_on <= p.to_on
  UNION ALL
  SELECT n.order_id, NULL, n.id, -1, n.issued_on, n.currency, n.subtotal, n.discount_total, n.shipping_net, n.tax_total, n.total
  FROM p JOIN credit_note n ON n.organization_id = p.organization_id
  WHERE (p.from_on IS NULL OR n.issued_on >= p.from_on) AND n.issued_on <= p.to_on
), grouped AS (
  SELECT d.*, date_trunc(p.interval, d.on_date)::date AS period_starts_on, o.organization_id, o.detail ->> 'historical' = 'true' AS historical,
    d.invoice_id IS NULL AND d.credit_note_id IS NULL AS is_order, p.group_by,
    CASE p.group_by
      WHEN 'channel' THEN o.channel
      WHEN 'sales_rep' THEN o.sales_rep
      WHEN 'customer' THEN o.customer_id::text
      WHEN 'country' THEN o.document::jsonb #>> '{shipping_address,country}'
      WHEN 'location' THEN (
        SELECT min(f.location) FROM fulfillment_order f
        WHERE f.organization_id = o.organization_id AND f.order_id = o.id AND f.status <> 'cancelled' HAVING count(DISTINCT f.location) = 1)
    END AS "group"
  FROM p CROSS JOIN document d
  JOIN sales_order o ON o.organization_id = p.organization_id AND o.id = d.order_id
  WHERE p.currency IS NULL OR d.currency = p.currency
), figure AS (
  SELECT g.period_starts_on, g."group", g.currency, g.order_id, g.invoice_id, g.credit_note_id, g.is_order, g.historical, g.sign, l.units,
    g.net, g.discount, g.shipping, g.tax, g.total
  FROM grouped g
  LEFT JOIN LATERAL (
    SELECT sum(quantity * unit_factor) AS units FROM order_line l
    WHERE l.organization_id = g.organization_id AND l.order_id = g.order_id AND l.kind = 'stocked' AND g.is_order
  ) l ON true
  WHERE g.group_by IS DISTINCT FROM 'sku'
  UNION ALL
  SELECT g.period_starts_on, l.sku, g.currency, g.order_id, g.invoice_id, g.credit_note_id, g.is_order, g.historical, g.sign, l.units,
    l.net_amount, NULL, NULL, l.tax_amount, NULL
  FROM grouped g
  CROSS JOIN LATERAL (
    SELECT sku, CASE WHEN kind = 'stocked' THEN quantity * unit_factor ELSE 0 END AS units, net_amount, tax_amount FROM order_line
    WHERE organization_id = g.organization_id AND order_id = g.order_id AND g.is_order
    UNION ALL
    SELECT sku, NULL, net_amount, tax_amount FROM invoice_line WHERE organization_id = g.organization_id AND invoice_id = g.invoice_id
    UNION ALL
    SELECT sku, NULL, net_amount, tax_amount FROM credit_note_line
    WHERE organization_id = g.organization_id AND credit_note_id = g.credit_note_id
  ) l
  WHERE g.group_by = 'sku'
)
SELECT period_starts_on, "group", currency,
  count(DISTINCT order_id) FILTER (WHERE is_order) AS orders,
  count(DISTINCT order_id) FILTER (WHERE is_order AND historical) AS historical_orders,
  coalesce(sum(units) FILTER (WHERE is_order), 0) AS units,
  coalesce(sum(net) FILTER (WHERE is_order), 0) AS net,
  CASE WHEN bool_or(discount IS NOT NULL) THEN coalesce(sum(discount) FILTER (WHERE is_order), 0) END AS discount,
  CASE WHEN bool_or(shipping IS NOT NULL) THEN coalesce(sum(shipping) FILTER (WHERE is_order), 0) END AS shipping,
  coalesce(sum(tax) FILTER (WHERE is_order), 0) AS tax,
  CASE WHEN bool_or(total IS NOT NULL) THEN coalesce(sum(total) FILTER (WHERE is_order), 0) END AS total,
  count(DISTINCT invoice_id) AS invoices,
  count(DISTINCT credit_note_id) AS credit_notes,
  coalesce(sum(sign * net) FILTER (WHERE NOT is_order), 0) AS invoiced_net,
  CASE WHEN bool_or(discount IS NOT NULL) THEN coalesce(sum(sign * discount) FILTER (WHERE NOT is_order), 0) END AS invoiced_discount,
  CASE WHEN bool_or(shipping IS NOT NULL) THEN coalesce(sum(sign * shipping) FILTER (WHERE NOT is_order), 0) END AS invoiced_shipping,
  coalesce(sum(sign * tax) FILTER (WHERE NOT is_order), 0) AS invoiced_tax,
  CASE WHEN bool_or(total IS NOT NULL) THEN coalesce(sum(sign * total) FILTER (WHERE NOT is_order), 0) END AS invoiced_total
FROM figure
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
