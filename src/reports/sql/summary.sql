-- Where the orders stand that were ordered in the period. A shipped order is late if any unit left after its line was due.
WITH p AS MATERIALIZED (
  SELECT $1::uuid AS organization_id, $2::text AS time_zone, $3::date AS from_on, $4::date AS to_on, $5::text AS interval,
    $6::text AS group_by, $7::text AS currency
), ordered AS (
  SELECT o.organization_id, o.id, o.currency, o.status,
    date_trunc(p.interval, o.ordered_at AT TIME ZONE p.time_zone)::date AS period_starts_on,
    o.milestones ->> 'confirmed_at' IS NOT NULL AS is_confirmed,
    o.milestones ->> 'shipped_at' IS NOT NULL AND o.milestones ->> 'confirmed_at' IS NOT NULL AS is_shipped,
    (o.milestones ->> 'verified_at')::timestamptz + interval '24 hours' AS due_at,
    CASE p.group_by
      WHEN 'channel' THEN o.channel
      WHEN 'sales_rep' THEN o.sales_rep
      WHEN 'customer' THEN o.customer_id::text
      WHEN 'country' THEN o.document::jsonb #>> '{shipping_address,country}'
      WHEN 'location' THEN (
        SELECT min(f.location) FROM fulfillment_order f
        WHERE f.organization_id = o.organization_id AND f.order_id = o.id AND f.status <> 'cancelled' HAVING count(DISTINCT f.location) = 1)
    END AS "group"
  FROM p JOIN sales_order o ON o.organization_id = p.organization_id
  WHERE (o.milestones ->> 'confirmed_at' IS NOT NULL OR o.status = 'on_hold')
    AND (p.currency IS NULL OR o.currency = p.currency)
    AND (p.from_on IS NULL OR o.ordered_at >= p.from_on::timestamp AT TIME ZONE p.time_zone)
    AND o.ordered_at < (p.to_on + 1)::timestamp AT TIME ZONE p.time_zone
), shipped AS (
  SELECT o.id,
    bool_or(CASE
      WHEN due.on_date IS NOT NULL THEN (s.shipped_at AT TIME ZONE p.time_zone)::date > due.on_date
      ELSE s.shipped_at > o.due_at
    END) AS is_late,
    bool_or(due.on_date IS NULL AND o.due_at IS NULL) AS has_no_due
  FROM p CROSS JOIN ordered o
  JOIN order_line l ON l.organization_id = o.organization_id AND l.order_id = o.id
  CROSS JOIN LATERAL (SELECT coalesce(l.first_promised_on, l.promised_on, l.requested_on) AS on_date) due
  JOIN shipment_line sl ON sl.organization_id = l.organization_id AND sl.order_id = l.order_id AND sl.line_number = l.line_number
  JOIN shipment s ON s.organization_id = sl.organization_id AND s.id = sl.shipment_id
  WHERE o.is_shipped AND l.kind = 'stocked'
  GROUP BY o.id
)
SELECT o.period_starts_on, o."group", o.currency,
  count(*) FILTER (WHERE o.status IN ('confirmed', 'on_hold')) AS orders_open,
  count(*) FILTER (WHERE o.is_shipped) AS orders_shipped,
  count(*) FILTER (WHERE o.is_shipped AND s.is_late) AS orders_shipped_late,
  count(*) FILTER (WHERE o.status = 'on_hold') AS orders_held,
  count(*) FILTER (WHERE o.is_shipped AND s.has_no_due AND s.is_late IS NOT TRUE) AS unmeasurable
FROM ordered o
LEFT JOIN shipped s ON s.id = o.id
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
