CREATE TABLE payment_provider (
  organization_id uuid NOT NULL,
  code text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  active boolean NOT NULL,
  api_key text NOT NULL, -- must be sent to the provider, so it cannot be hashed; never shown
  webhook_secrets text[] NOT NULL,
  inbound_id uuid NOT NULL, -- random: whoever knows it may knock
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT payment_provider_pkey PRIMARY KEY (organization_id, code),
  CONSTRAINT payment_provider_inbound UNIQUE (inbound_id),
  CONSTRAINT payment_provider_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT payment_provider_kind CHECK (kind IN ('stripe')),
  CONSTRAINT payment_provider_secrets CHECK (cardinality(webhook_secrets) <= 2)
);

ALTER TABLE payment
  ADD COLUMN provider text, -- whoever moves the money
  ADD COLUMN provider_reference text, -- its name of the payment
  ADD COLUMN capture_on_shipment boolean NOT NULL DEFAULT false,
  ADD COLUMN order_seen bigint NOT NULL DEFAULT 0, -- the order's version when it was last looked at for what has shipped
  ADD CONSTRAINT payment_provider FOREIGN KEY (organization_id, provider) REFERENCES payment_provider,
  ADD CONSTRAINT payment_capture_on_shipment CHECK (NOT capture_on_shipment OR (provider IS NOT NULL AND order_id IS NOT NULL));
CREATE UNIQUE INDEX payment_provider_reference ON payment (organization_id, provider, provider_reference) WHERE provider_reference IS NOT NULL;
CREATE INDEX payment_capture_on_shipment ON payment (organization_id, order_id) WHERE status = 'authorized' AND capture_on_shipment;

-- What is to be asked of the provider: stored with its reason, called by a job with its id as idempotency key, then recorded.
CREATE TABLE payment_operation (
  organization_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  amount numeric(18, 4) NOT NULL,
  last boolean NOT NULL, -- of a capture: whether it ends the authorization
  payment_method text, -- the provider's name of the payer's card, for the first call
  refund_id uuid,
  status text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL,
  leased_until timestamptz,
  failure jsonb,
  actor text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT payment_operation_pkey PRIMARY KEY (organization_id, payment_id, id),
  CONSTRAINT payment_operation_payment FOREIGN KEY (organization_id, payment_id) REFERENCES payment,
  CONSTRAINT payment_operation_refund FOREIGN KEY (organization_id, refund_id) REFERENCES refund,
  CONSTRAINT payment_operation_kind CHECK (kind IN ('authorize', 'charge', 'retrieve', 'capture', 'cancel', 'refund')),
  CONSTRAINT payment_operation_status CHECK (status IN ('pending', 'succeeded', 'failed', 'unresolved')),
  CONSTRAINT payment_operation_of_refund CHECK ((kind = 'refund') = (refund_id IS NOT NULL))
);
CREATE INDEX payment_operation_waiting ON payment_operation (next_attempt_at) WHERE status = 'pending';
CREATE UNIQUE INDEX payment_operation_one_at_a_time ON payment_operation (organization_id, payment_id)
  WHERE status = 'pending' AND kind IN ('authorize', 'charge', 'capture', 'cancel');

-- What the provider has told, as it came; worked on by a job.
CREATE TABLE payment_provider_event (
  organization_id uuid NOT NULL,
  provider text NOT NULL,
  event_id text NOT NULL,
  type text NOT NULL,
  body text NOT NULL,
  status text NOT NULL,
  detail text,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL,
  leased_until timestamptz,
  received_at timestamptz NOT NULL,
  processed_at timestamptz,
  CONSTRAINT payment_provider_event_pkey PRIMARY KEY (organization_id, provider, event_id),
  CONSTRAINT payment_provider_event_provider FOREIGN KEY (organization_id, provider) REFERENCES payment_provider,
  CONSTRAINT payment_provider_event_status CHECK (status IN ('received', 'processed', 'ignored'))
);
CREATE INDEX payment_provider_event_waiting ON payment_provider_event (next_attempt_at) WHERE status = 'received';

-- A refund that a provider makes is pending, then succeeds or fails.
ALTER TABLE refund ADD COLUMN provider_reference text, ADD COLUMN updated_at timestamptz;
UPDATE refund SET updated_at = created_at;
ALTER TABLE refund ALTER COLUMN updated_at SET NOT NULL;
