CREATE OR REPLACE FUNCTION actor_name(organization uuid, actor text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN actor ~ '^user:[0-9a-f-]{36}$' THEN (SELECT u.name FROM app_user u WHERE u.organization_id = organization AND u.id = substr(actor, 6)::uuid)
    WHEN actor ~ '^api_client:[0-9a-f-]{36}$' THEN (SELECT c.name FROM api_client c WHERE c.organization_id = organization AND c.id = substr(actor, 12)::uuid)
    WHEN actor LIKE 'system:%' THEN substr(actor, 8)
    ELSE actor END $$;
DROP INDEX reservation_live_by_address;
ALTER TABLE reservation DROP COLUMN address;
DROP TABLE publishable_key;
