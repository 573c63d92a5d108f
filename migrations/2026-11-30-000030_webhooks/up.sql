-- Where an organization's events are sent (Standard Webhooks). It gets what its owner may read: whoever last said where it sends what.
CREATE TABLE webhook_endpoint (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  url text NOT NULL,
  event_types text[] NOT NULL, -- none: all that its owner may read
  active boolean NOT NULL,
  disabled_reason text,
  disabled_at timestamptz,
  secret text NOT NULL, -- signs, so it cannot be kept as a hash; empty once deleted
  previous_secret text, -- signs as well until then
  previous_valid_until timestamptz,
  owner_kind text NOT NULL,
  owner_id uuid NOT NULL,
  scope text NOT NULL, -- of the owner's token; what it may read is this and what its role may read now
  since bigint NOT NULL, -- the last event that is none of its business
  failing_since timestamptz, -- the first failure after the last success
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz, -- shown no more; its row goes when its deliveries are gone
  CONSTRAINT webhook_endpoint_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT webhook_endpoint_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT webhook_endpoint_owner_kind CHECK (owner_kind IN ('user', 'api_client')),
  CONSTRAINT webhook_endpoint_disabled CHECK (active = (disabled_reason IS NULL) AND active = (disabled_at IS NULL)),
  CONSTRAINT webhook_endpoint_reason CHECK (disabled_reason IN ('by_request', 'gone', 'failing', 'owner_disabled')),
  CONSTRAINT webhook_endpoint_previous CHECK ((previous_secret IS NULL) = (previous_valid_until IS NULL)),
  CONSTRAINT webhook_endpoint_deleted CHECK (deleted_at IS NULL OR NOT active)
);

-- How far an organization's events have become deliveries.
CREATE TABLE webhook_cursor (
  organization_id uuid NOT NULL,
  read_through bigint NOT NULL,
  CONSTRAINT webhook_cursor_pkey PRIMARY KEY (organization_id),
  CONSTRAINT webhook_cursor_organization FOREIGN KEY (organization_id) REFERENCES organization
);

-- One event for one endpoint. The event itself is not copied: it never changes.
CREATE TABLE webhook_delivery (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  event_sequence bigint NOT NULL,
  event_type text NOT NULL,
  order_id uuid,
  occurred_at timestamptz NOT NULL, -- of the event
  status text NOT NULL,
  skip_reason text,
  attempts integer NOT NULL DEFAULT 0, -- all of them
  tries integer NOT NULL DEFAULT 0, -- since it was last asked for
  next_attempt_at timestamptz NOT NULL,
  leased_until timestamptz, -- whoever is sending it has until then
  last_attempt_at timestamptz,
  response_status integer, -- of the last attempt
  error text, -- of the last attempt
  delivered_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT webhook_delivery_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT webhook_delivery_once UNIQUE (organization_id, endpoint_id, event_sequence),
  CONSTRAINT webhook_delivery_endpoint FOREIGN KEY (organization_id, endpoint_id) REFERENCES webhook_endpoint,
  CONSTRAINT webhook_delivery_status CHECK (status IN ('pending', 'sending', 'delivered', 'failed', 'skipped')),
  CONSTRAINT webhook_delivery_lease CHECK ((status = 'sending') = (leased_until IS NOT NULL)),
  CONSTRAINT webhook_delivery_skipped CHECK ((status = 'skipped') = (skip_reason IS NOT NULL)),
  CONSTRAINT webhook_delivery_skip_reason CHECK (skip_reason IN ('endpoint_disabled', 'not_permitted')),
  CONSTRAINT webhook_delivery_delivered CHECK (status <> 'delivered' OR delivered_at IS NOT NULL),
  CONSTRAINT webhook_delivery_tries CHECK (0 <= tries AND tries <= attempts)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (organization_id, endpoint_id, next_attempt_at) WHERE status IN ('pending', 'sending');
-- What a later event of the same order waits for.
CREATE INDEX webhook_delivery_waiting_of_order ON webhook_delivery (organization_id, endpoint_id, order_id, event_sequence)
  WHERE status IN ('pending', 'sending') AND order_id IS NOT NULL;
CREATE INDEX webhook_delivery_by_order ON webhook_delivery (organization_id, order_id, id) WHERE order_id IS NOT NULL;
CREATE INDEX webhook_delivery_by_endpoint ON webhook_delivery (organization_id, endpoint_id, id);
CREATE INDEX webhook_delivery_failed ON webhook_delivery (organization_id, id) WHERE status = 'failed';
CREATE INDEX webhook_delivery_by_age ON webhook_delivery (updated_at) WHERE status IN ('delivered', 'failed', 'skipped');

-- What came of each time that it was sent. One that its process did not live to see has none.
CREATE TABLE webhook_attempt (
  organization_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  number integer NOT NULL,
  attempted_at timestamptz NOT NULL,
  duration_ms integer NOT NULL,
  response_status integer,
  response_excerpt text NOT NULL,
  error text,
  CONSTRAINT webhook_attempt_pkey PRIMARY KEY (organization_id, delivery_id, number),
  CONSTRAINT webhook_attempt_delivery FOREIGN KEY (organization_id, delivery_id) REFERENCES webhook_delivery ON DELETE CASCADE,
  CONSTRAINT webhook_attempt_outcome CHECK (response_status IS NOT NULL OR error IS NOT NULL)
);
