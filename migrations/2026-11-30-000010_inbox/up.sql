-- Where a channel listens, what its platform signs with, and what its own API is called with.
ALTER TABLE channel
  ADD COLUMN inbound_id uuid NOT NULL DEFAULT gen_random_uuid(), -- random: whoever knows it may knock
  ADD COLUMN previous_inbound_id uuid,
  ADD COLUMN previous_inbound_until timestamptz,
  ADD COLUMN secret text, -- signatures are computed with it, so it cannot be hashed; never shown
  ADD COLUMN previous_secret text,
  ADD COLUMN previous_secret_until timestamptz,
  ADD COLUMN credentials jsonb NOT NULL DEFAULT '{}', -- must be sent to the platform; never shown
  ADD CONSTRAINT channel_inbound UNIQUE (inbound_id),
  ADD CONSTRAINT channel_previous_inbound UNIQUE (previous_inbound_id),
  ADD CONSTRAINT channel_previous_inbound_until CHECK ((previous_inbound_id IS NULL) = (previous_inbound_until IS NULL)),
  ADD CONSTRAINT channel_previous_secret_until CHECK ((previous_secret IS NULL) = (previous_secret_until IS NULL));

-- What the outside has told, as it came; worked in by a job.
CREATE TABLE inbound_message (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  channel_id uuid NOT NULL,
  topic text NOT NULL, -- what the platform calls this kind of message; empty where it has none
  external_id text, -- the platform's id of the thing that it is about
  delivery_key bytea NOT NULL, -- SHA-256 of topic and body: the same message again is the same message
  headers jsonb NOT NULL, -- [[name, value]], as they came
  content_type text NOT NULL,
  body bytea NOT NULL,
  edited_body bytea, -- as a person has corrected it
  proof text NOT NULL,
  remote_address text,
  status text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  leased_until timestamptz,
  reason jsonb, -- {code, detail, pointer}
  order_ids uuid[] NOT NULL DEFAULT '{}',
  received_at timestamptz NOT NULL,
  processed_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL,
  CONSTRAINT inbound_message_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT inbound_message_channel FOREIGN KEY (organization_id, channel_id) REFERENCES channel (organization_id, id),
  CONSTRAINT inbound_message_once UNIQUE (organization_id, channel_id, delivery_key),
  CONSTRAINT inbound_message_proof CHECK (proof IN ('signature', 'address', 'token', 'mailbox')),
  CONSTRAINT inbound_message_status CHECK (status IN ('received', 'processed', 'rejected', 'discarded')),
  CONSTRAINT inbound_message_waits CHECK ((status = 'received') = (next_attempt_at IS NOT NULL)),
  CONSTRAINT inbound_message_rejected CHECK (status <> 'rejected' OR reason IS NOT NULL),
  CONSTRAINT inbound_message_ended CHECK ((status = 'received') = (processed_at IS NULL))
);
CREATE INDEX inbound_message_waiting ON inbound_message (next_attempt_at) WHERE status = 'received';
CREATE INDEX inbound_message_by_status ON inbound_message (organization_id, status, id);
CREATE INDEX inbound_message_by_external_id ON inbound_message (organization_id, channel_id, external_id, id);
CREATE INDEX inbound_message_by_order ON inbound_message USING gin (order_ids);
