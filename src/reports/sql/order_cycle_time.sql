-- Hours between milestones of the orders whose last one (delivered, or shipped by basis) falls in the period: the whole cycle,
-- then its stages. A negative span is out of sequence and not averaged; one that lacks a milestone is unmeasurable.
WITH p AS MATERIALIZED (
  SELECT $1::uuid AS organization_id, $2::text AS time_zone, $3::date AS from_on, $4::date AS to_on, $5::text AS interval,
    $6::text AS group_by, $7::text AS currency, $8::text AS basis
), milestone AS (
  SELECT o.organization_id, o.id, o.document, o.channel, o.sales_rep, o.customer_id, o.ordered_at, m.*,
    CASE p.basis WHEN 'shipped' THEN m.shipped_at ELSE m.delivered_at END AS end_at
  FROM p JOIN sales_order o ON o.organization_id = p.organization_id
  CROSS JOIN LATERAL jsonb_to_record(o.milestones) AS m(captured_at timestamptz, verified_at timestamptz, confirmed_at timestamptz,
    allocated_at timestamptz, picked_at timestamptz, shipped_at timestamptz, delivered_at timestamptz, invoiced_at timestamptz,
    paid_at timestamptz)
  WHERE m.confirmed_at IS NOT NULL AND (p.currency IS NULL OR o.currency = p.currency)
), cohort AS (
  -- Shipped in the period but never reported as delivered: no end, hence unmeasurable instead of unseen.
  SELECT m.*, date_trunc(p.interval, coalesce(m.end_at, m.shipped_at) AT TIME ZONE p.time_zone)::date AS period_starts_on,
    CASE p.group_by
      WHEN 'channel' THEN m.channel
      WHEN 'sales_rep' THEN m.sales_rep
      WHEN 'customer' THEN m.customer_id::text
      WHEN 'country' THEN m.document::jsonb #>> '{shipping_address,country}'
      WHEN 'location' THEN (
        SELECT min(f.location) FROM fulfillment_order f
        WHERE f.organization_id = m.organization_id AND f.order_id = m.id AND f.status <> 'cancelled' HAVING count(DISTINCT f.location) = 1)
    END AS "group"
  FROM p CROSS JOIN milestone m
  WHERE (p.from_on IS NULL OR coalesce(m.end_at, m.shipped_at) >= p.from_on::timestamp AT TIME ZONE p.time_zone)
    AND coalesce(m.end_at, m.shipped_at) < (p.to_on + 1)::timestamp AT TIME ZONE p.time_zone
), span AS (
  SELECT c.period_starts_on, c."group", s.place, s.stage, s.end_at - s.start_at AS length
  FROM cohort c
  CROSS JOIN LATERAL (VALUES
    (0, 'order_cycle_time', c.ordered_at, c.end_at),
    (1, 'capture', c.ordered_at, c.captured_at),
    (2, 'verify', c.captured_at, c.verified_at),
    (3, 'allocate', c.verified_at, c.allocated_at),
    (4, 'pick', c.allocated_at, c.picked_at),
    (5, 'ship', c.picked_at, c.shipped_at),
    (6, 'transit', c.shipped_at, c.delivered_at),
    (7, 'invoice', c.shipped_at, c.invoiced_at),
    (8, 'pay', c.invoiced_at, c.paid_at)
  ) AS s(place, stage, start_at, end_at)
  WHERE c.end_at IS NOT NULL OR s.place = 0
)
SELECT period_starts_on, "group", stage,
  count(*) FILTER (WHERE length >= interval '0') AS orders,
  round(coalesce(sum(extract(epoch FROM length)) FILTER (WHERE length >= interval '0'), 0) / 3600, 4) AS sum_hours,
  round(avg(extract(epoch FROM length)) FILTER (WHERE length >= interval '0') / 3600, 4) AS mean_hours,
  round(avg(extract(epoch FROM length)) FILTER (WHERE length >= interval '0') / 86400, 4) AS mean_days,
  round(extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY length) FILTER (WHERE length >= interval '0')) / 3600, 4) AS p50_hours,
  round(extract(epoch FROM percentile_cont(0.9) WITHIN GROUP (ORDER BY length) FILTER (WHERE length >= interval '0')) / 3600, 4) AS p90_hours,
  round(extract(epoch FROM percentile_cont(0.99) WITHIN GROUP (ORDER BY length) FILTER (WHERE length >= interval '0')) / 3600, 4) AS p99_hours,
  count(*) FILTER (WHERE length < interval '0') AS out_of_sequence,
  count(*) FILTER (WHERE length IS NULL) AS unmeasurable
FROM span
GROUP BY period_starts_on, "group", place, stage
ORDER BY period_starts_on, "group", place
