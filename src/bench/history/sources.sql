-- Customers without a credit limit, so that nobody's headroom changes; shelves with goods that have a price; channels.
INSERT INTO history_customer
SELECT row_number() OVER (ORDER BY c.id) - 1, c.id,
  '{"id":' || to_json(c.id) || ',"code":' || coalesce(to_json(c.code)::text, 'null') || ',"name":' || to_json(c.name) || '}'
FROM customer c, history_template t
WHERE c.organization_id = t.organization_id AND NOT c.blocked AND NOT c.guest AND c.bill_to_customer_id IS NULL AND coalesce(c.currency, t.currency) = t.currency
  AND NOT EXISTS (SELECT 1 FROM customer_balance b WHERE b.organization_id = c.organization_id AND b.customer_id = c.id);
INSERT INTO history_shelf
SELECT dense_rank() OVER (ORDER BY k.priority, k.code) - 1, row_number() OVER (PARTITION BY k.code ORDER BY hashtext(s.sku)) - 1, k.code, s.sku, p.name, p.unit,
  a.unit_price, a.price_quantity, s.unit_cost
FROM history_template t
JOIN location k ON k.organization_id = t.organization_id AND k.active AND k.kind <> 'supplier'
JOIN stock_level s ON s.organization_id = t.organization_id AND s.location = k.code
JOIN product p ON p.organization_id = t.organization_id AND p.sku = s.sku AND p.active AND p.kind = 'stocked'
CROSS JOIN LATERAL (SELECT a.unit_price, a.price_quantity FROM price a WHERE a.organization_id = t.organization_id AND a.sku = s.sku
  AND a.price_list = 'default' AND a.currency = t.currency AND a.unit_price > 0 ORDER BY a.min_quantity, a.valid_from_on DESC LIMIT 1) a;
INSERT INTO history_place SELECT place, min(location), count(*) FROM history_shelf GROUP BY 1;
INSERT INTO history_channel
SELECT row_number() OVER (ORDER BY code = 'direct' DESC, code) - 1, code FROM channel
WHERE active AND kind <> 'stripe' AND organization_id = (SELECT organization_id FROM history_template);
UPDATE history_template SET customers = (SELECT count(*) FROM history_customer), places = (SELECT count(*) FROM history_place),
  channels = (SELECT count(*) FROM history_channel);
ANALYZE history_customer, history_shelf, history_place, history_channel, history_template;
