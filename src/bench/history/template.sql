-- The newest captured order that can stand for all: undiscounted, of one tax group, and of three stocked lines if there is such a one.
SELECT o.document, o.detail, l.detail AS line_detail, o.currency, o.shipping_net, g.legal_name, g.country, g.base_currency,
  jsonb_build_object('code', p.code, 'name', p.name, 'net_days', p.net_days, 'end_of_month', p.end_of_month, 'prepayment', p.prepayment,
    'cash_on_delivery', p.cash_on_delivery, 'discount_percent', NULL, 'discount_days', NULL) AS terms
FROM (SELECT * FROM sales_order WHERE organization_id = $1 ORDER BY id DESC LIMIT 1000) o
JOIN order_line l ON l.organization_id = $1 AND l.order_id = o.id AND l.line_number = 1 AND l.kind = 'stocked' AND l.discount_amount = 0
JOIN organization g ON g.id = $1
JOIN payment_term p ON p.organization_id = $1 AND p.code = o.document::jsonb ->> 'payment_terms'
WHERE o.status IN ('confirmed', 'completed') AND o.discount_total = 0
  AND o.document::jsonb ->> 'prices_include_tax' = 'false' AND jsonb_array_length(o.document::jsonb -> 'tax_breakdown') = 1
ORDER BY (SELECT count(*) FROM order_line m WHERE m.organization_id = $1 AND m.order_id = o.id) = 3 DESC, o.id DESC
LIMIT 1
