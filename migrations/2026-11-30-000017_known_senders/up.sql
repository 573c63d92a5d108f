-- All mail addresses of a customer and of its contacts in lower case, and of each its domain as `@domain`.
CREATE FUNCTION customer_mail_addresses(email text, contacts jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(DISTINCT told), '{}')
  FROM (SELECT lower(email) UNION ALL
        SELECT lower(contact ->> 'email') FROM jsonb_array_elements(CASE WHEN jsonb_typeof(contacts) = 'array' THEN contacts ELSE '[]' END) contact
       ) AS addresses(address), LATERAL (VALUES (address), ('@' || split_part(address, '@', 2))) AS forms(told)
  WHERE address LIKE '%@%'
$$;
-- Guests have no account that a mail could order for.
CREATE INDEX customer_by_mail_address ON customer USING gin (customer_mail_addresses(email, contacts)) WHERE NOT guest;
CREATE INDEX customer_by_electronic_address ON customer (organization_id, (electronic_address ->> 'value')) WHERE electronic_address IS NOT NULL;
