-- Headers that hold a secret, or repeat the address of the channel, have not been stored for some time; those of before are taken out.
UPDATE inbound_message m
SET headers = coalesce((
  SELECT jsonb_agg(h.header ORDER BY h.place)
  FROM jsonb_array_elements(m.headers) WITH ORDINALITY AS h(header, place)
  WHERE lower(h.header ->> 0) !~ 'authorization|cookie|secret|token|password|api-key|apikey' AND h.header ->> 1 NOT LIKE '%/v1/inbound/%'
), '[]')
WHERE EXISTS (
  SELECT FROM jsonb_array_elements(m.headers) AS h(header)
  WHERE lower(h.header ->> 0) ~ 'authorization|cookie|secret|token|password|api-key|apikey' OR h.header ->> 1 LIKE '%/v1/inbound/%'
);
