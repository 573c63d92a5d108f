-- What all orders of an organization share, with the epochs of its master data as of the same snapshot.
SELECT
  json_build_object(
    'organization', json_build_object('legal_name', o.legal_name, 'country', o.country, 'time_zone', o.time_zone, 'base_currency', o.base_currency,
      'tax_treatment', coalesce(o.profile ->> 'tax_treatment', 'automatic'),
      'delivery', (SELECT coalesce(json_object_agg(p.key, p.value), '{}') FROM jsonb_each(o.profile) p
         WHERE p.key IN ('default_handling_days', 'default_transit_days', 'cutoff_time', 'working_days'))),
    'channels', (SELECT coalesce(json_agg(json_build_object('code', c.code, 'active', c.active, 'settings', c.settings)), '[]')
       FROM channel c WHERE c.organization_id = $1),
    'payment_terms', (SELECT coalesce(json_agg(json_build_object('code', t.code, 'prepayment', t.prepayment)), '[]')
       FROM payment_term t WHERE t.organization_id = $1),
    'locations', (SELECT coalesce(json_agg(json_build_object('code', l.code, 'priority', l.priority,
        'handling_days', l.handling_days, 'cutoff_time', l.cutoff_time, 'working_days', l.working_days, 'country', l.address ->> 'country')), '[]')
       FROM location l WHERE l.organization_id = $1 AND l.active AND l.kind <> 'supplier'),
    'tax_rates', (SELECT coalesce(json_object_agg(r.country, r.rates), '{}') FROM (
       SELECT t.country, json_agg(json_build_object('country', t.country, 'region', nullif(t.region, ''), 'tax_category', t.tax_category,
         'tax_scheme_category', t.tax_scheme_category, 'name', t.name, 'rate', t.rate::text, 'base_fraction', t.base_numerator || '/' || t.base_denominator,
         'valid_from_on', nullif(t.valid_from_on, '0001-01-01'), 'valid_to_on', t.valid_to_on, 'version', t.version, 'updated_at', t.updated_at)) AS rates
       FROM tax_rate t WHERE t.organization_id = $1 GROUP BY t.country) r))::text AS company,
  coalesce(e.company, 0) AS company_epoch, coalesce(e.products, 0) AS products_epoch, coalesce(e.prices, 0) AS prices_epoch, coalesce(e.customers, 0) AS customers_epoch
FROM organization o LEFT JOIN master_data_epoch e ON e.organization_id = o.id WHERE o.id = $1
