-- From where a change was asked for: request id, address and user agent, by tab. The first event of a captured order has it for all of
-- the order's events of that moment; a job has none. No column of its own for each, no index: capture pays for every byte and entry.
ALTER TABLE event ADD COLUMN origin text;

-- What changes nothing and so has no event: logins, refused ones, refused permissions. Numbered with the events, so that both are one list.
CREATE TABLE audit_entry (
  organization_id uuid NOT NULL,
  id bigint NOT NULL DEFAULT nextval('event_id'),
  action text NOT NULL,
  actor text NOT NULL,
  subject_type text NOT NULL,
  subject_id uuid NOT NULL,
  data text NOT NULL, -- immutable JSON, served verbatim
  origin text,
  occurred_at timestamptz NOT NULL,
  CONSTRAINT audit_entry_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT audit_entry_organization FOREIGN KEY (organization_id) REFERENCES organization
);

-- The name of who is written as `user:<id>` or `api_client:<id>`; of `system:<job>`, the job's.
CREATE FUNCTION actor_name(organization uuid, actor text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN actor ~ '^user:[0-9a-f-]{36}$' THEN (SELECT u.name FROM app_user u WHERE u.organization_id = organization AND u.id = substr(actor, 6)::uuid)
    WHEN actor ~ '^api_client:[0-9a-f-]{36}$' THEN (SELECT c.name FROM api_client c WHERE c.organization_id = organization AND c.id = substr(actor, 12)::uuid)
    WHEN actor LIKE 'system:%' THEN substr(actor, 8)
    ELSE actor END $$;
