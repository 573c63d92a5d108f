-- Keys that stand in the pages of a storefront: everybody can read them, so they open the checkout alone, from known origins.
CREATE TABLE publishable_key (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  key text NOT NULL, -- no secret: it is in the page
  name text NOT NULL,
  channel text NOT NULL,
  origins text[] NOT NULL,
  reservation_limit integer NOT NULL, -- live reservations of all of its visitors
  reservation_limit_per_address integer NOT NULL,
  active boolean NOT NULL DEFAULT true,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT publishable_key_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT publishable_key_key UNIQUE (key),
  CONSTRAINT publishable_key_channel FOREIGN KEY (organization_id, channel) REFERENCES channel,
  CONSTRAINT publishable_key_limits CHECK (reservation_limit > 0 AND reservation_limit_per_address > 0)
);

-- Where the visitor of a storefront called from; null for other callers.
ALTER TABLE reservation ADD COLUMN address text;
CREATE INDEX reservation_live_by_address ON reservation (organization_id, actor, address) WHERE status = 'live' AND address IS NOT NULL;

CREATE OR REPLACE FUNCTION actor_name(organization uuid, actor text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN actor ~ '^user:[0-9a-f-]{36}$' THEN (SELECT u.name FROM app_user u WHERE u.organization_id = organization AND u.id = substr(actor, 6)::uuid)
    WHEN actor ~ '^api_client:[0-9a-f-]{36}$' THEN (SELECT c.name FROM api_client c WHERE c.organization_id = organization AND c.id = substr(actor, 12)::uuid)
    WHEN actor ~ '^publishable_key:[0-9a-f-]{36}$' THEN (SELECT k.name FROM publishable_key k WHERE k.organization_id = organization AND k.id = substr(actor, 17)::uuid)
    WHEN actor LIKE 'system:%' THEN substr(actor, 8)
    ELSE actor END $$;
