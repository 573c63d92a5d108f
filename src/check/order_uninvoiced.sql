-- What is left to invoice is nothing once every unit is invoiced, cancelled or came back before, but for the shipping of goods that all came
-- back uninvoiced; and while none is, the whole order without what is asked for in advance.
SELECT o.organization_id, o.id AS order_id, o.number, o.status, o.total, o.amount_invoiced, o.uninvoiced_total, l.settled, l.came_back, l.untouched
FROM sales_order o
JOIN (
  SELECT organization_id, order_id,
    bool_and(invoiced >= quantity - cancelled - coalesce((detail ->> 'waived')::numeric, 0)) AS settled,
    bool_and(quantity - cancelled - coalesce((detail ->> 'waived')::numeric, 0) = 0) AND bool_or(shipped > 0) AS came_back,
    bool_and(invoiced = 0 AND cancelled = 0 AND coalesce((detail ->> 'waived')::numeric, 0) = 0) AS untouched
  FROM order_line GROUP BY 1, 2
) l ON l.organization_id = o.organization_id AND l.order_id = o.id
WHERE (l.settled AND o.uninvoiced_total <> CASE WHEN l.came_back AND NOT o.detail ? 'shipping_waived'
    THEN greatest(0, o.shipping_net + coalesce((o.document::json ->> 'shipping_tax')::numeric, 0) - o.amount_invoiced
      + coalesce((o.detail ->> 'prepayments_credited')::numeric, 0)) ELSE 0 END)
  OR (l.untouched
    AND o.uninvoiced_total <> greatest(0, o.total - o.amount_invoiced + coalesce((o.detail ->> 'prepayments_credited')::numeric, 0)))
