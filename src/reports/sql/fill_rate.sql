-- What was filled of what was wanted, of the stocked lines due in the period: by units, lines and orders (an order is due with
-- its last line). Filled = shipped by the due date, or initially allocated by basis. What has no due date is unmeasurable and
-- counted by the date of ordering.
WITH p AS MATERIALIZED (
  SELECT $1::uuid AS organization_id, $2::text AS time_zone, $3::date AS from_on, $4::date AS to_on, $5::text AS interval,
    $6::text AS group_by, $7::text AS currency, $8::text AS basis
), wanted AS (
  SELECT o.organization_id, o.id AS order_id, l.line_number, l.unit_factor, l.initially_allocated,
    -- An edit that takes units away is the customer's doing; units cancelled for want of stock stay wanted.
    (least(l.original_quantity, l.quantity) - l.cancelled + coalesce((l.detail ->> 'cancelled_out_of_stock')::numeric, 0)) AS demand,
    coalesce(l.first_promised_on, l.promised_on, l.requested_on) AS due_on,
    (o.milestones ->> 'verified_at')::timestamptz + interval '24 hours' AS due_at,
    (o.ordered_at AT TIME ZONE p.time_zone)::date AS ordered_on, p.time_zone,
    CASE p.group_by
      WHEN 'sku' THEN l.sku
      WHEN 'channel' THEN o.channel
      WHEN 'sales_rep' THEN o.sales_rep
      WHEN 'customer' THEN o.customer_id::text
      WHEN 'country' THEN o.document::jsonb #>> '{shipping_address,country}'
      WHEN 'location' THEN (
        SELECT min(f.location) FROM fulfillment_order f
        WHERE f.organization_id = o.organization_id AND f.order_id = o.id AND f.status <> 'cancelled' HAVING count(DISTINCT f.location) = 1)
    END AS "group"
  FROM p JOIN sales_order o ON o.organization_id = p.organization_id
  JOIN order_line l ON l.organization_id = o.organization_id AND l.order_id = o.id
  WHERE o.milestones ->> 'confirmed_at' IS NOT NULL AND l.kind = 'stocked' AND (p.currency IS NULL OR o.currency = p.currency)
), in_time AS (
  SELECT w.order_id, w.line_number, sum(sl.quantity) AS quantity
  FROM wanted w
  JOIN shipment_line sl ON sl.organization_id = w.organization_id AND sl.order_id = w.order_id AND sl.line_number = w.line_number
  JOIN shipment s ON s.organization_id = sl.organization_id AND s.id = sl.shipment_id
  WHERE CASE
    WHEN w.due_on IS NOT NULL THEN (s.shipped_at AT TIME ZONE w.time_zone)::date <= w.due_on
    ELSE s.shipped_at <= w.due_at
  END
  GROUP BY 1, 2
), line AS (
  SELECT w.order_id, w."group", w.demand * w.unit_factor AS demand,
    CASE p.basis WHEN 'allocation' THEN w.initially_allocated ELSE coalesce(t.quantity, 0) END * w.unit_factor AS filled,
    coalesce(w.due_on, w.due_at) IS NOT NULL AS is_measurable,
    coalesce(w.due_on, (w.due_at AT TIME ZONE w.time_zone)::date, w.ordered_on) AS on_date
  FROM p CROSS JOIN wanted w
  LEFT JOIN in_time t ON t.order_id = w.order_id AND t.line_number = w.line_number
  WHERE w.demand > 0
), measure AS (
  SELECT 1 AS place, 'unit' AS level, "group", on_date, is_measurable, least(filled, demand) AS numerator, demand AS denominator FROM line
  UNION ALL
  SELECT 2, 'line', "group", on_date, is_measurable, CASE WHEN filled >= demand THEN 1 ELSE 0 END, 1 FROM line
  UNION ALL
  SELECT 3, 'order', "group", max(on_date), bool_and(is_measurable), CASE WHEN bool_and(filled >= demand) THEN 1 ELSE 0 END, 1
  FROM line GROUP BY order_id, "group"
)
SELECT date_trunc(p.interval, m.on_date)::date AS period_starts_on, m."group", m.level,
  coalesce(sum(m.numerator) FILTER (WHERE m.is_measurable), 0) AS numerator,
  coalesce(sum(m.denominator) FILTER (WHERE m.is_measurable), 0) AS denominator,
  round(sum(m.numerator) FILTER (WHERE m.is_measurable) / nullif(sum(m.denominator) FILTER (WHERE m.is_measurable), 0), 6) AS rate,
  coalesce(sum(m.denominator) FILTER (WHERE NOT m.is_measurable), 0) AS unmeasurable
FROM p CROSS JOIN measure m
WHERE (p.from_on IS NULL OR m.on_date >= p.from_on) AND m.on_date <= p.to_on
GROUP BY 1, 2, m.place, m.level
ORDER BY 1, 2, m.place
