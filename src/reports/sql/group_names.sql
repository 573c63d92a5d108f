-- What people call the groups of a report.
SELECT k.key, CASE $2::text
    WHEN 'customer' THEN (SELECT name FROM customer c WHERE c.organization_id = $1 AND c.id = k.key::uuid)
    WHEN 'sku' THEN (SELECT name FROM product p WHERE p.organization_id = $1 AND p.sku = k.key)
    WHEN 'location' THEN (SELECT name FROM location l WHERE l.organization_id = $1 AND l.code = k.key)
    WHEN 'channel' THEN (SELECT name FROM channel c WHERE c.organization_id = $1 AND c.code = k.key)
  END AS name
FROM unnest($3::text[]) AS k(key)
