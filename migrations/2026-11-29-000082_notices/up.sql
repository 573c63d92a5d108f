-- Whether an organization writes to its customers, and in whose name.
CREATE TABLE notice_settings (
  organization_id uuid NOT NULL,
  enabled boolean NOT NULL,
  sender_name text,
  sender_email text,
  reply_to text,
  bcc text,
  language text NOT NULL,
  kinds text[] NOT NULL, -- which are sent
  read_through bigint NOT NULL, -- events up to this one have been told of, or were there before it was enabled
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT notice_settings_pkey PRIMARY KEY (organization_id),
  CONSTRAINT notice_settings_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT notice_settings_language CHECK (language IN ('auto', 'en', 'id')),
  CONSTRAINT notice_settings_sender CHECK (NOT enabled OR sender_email IS NOT NULL)
);

-- One mail, written when its event was read, so that what is sent again is what was sent.
CREATE TABLE notice (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  status text NOT NULL,
  language text NOT NULL,
  recipient text NOT NULL, -- empty where there is none
  subject text NOT NULL,
  text_body text NOT NULL,
  html_body text NOT NULL,
  source_id uuid NOT NULL, -- the order, shipment, invoice … or event that it tells of: told once
  invoice_id uuid, -- goes with it as PDF
  order_id uuid,
  customer_id uuid,
  skip_reason text,
  attempts integer NOT NULL DEFAULT 0,
  resends integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL,
  leased_until timestamptz, -- whoever is sending it has until then
  last_error text,
  sent_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT notice_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT notice_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT notice_once UNIQUE (organization_id, kind, source_id, recipient),
  CONSTRAINT notice_kind CHECK (kind IN ('acknowledgement', 'delay', 'dispatch', 'invoice', 'receipt', 'refund', 'reminder')),
  CONSTRAINT notice_status CHECK (status IN ('pending', 'sending', 'sent', 'failed', 'skipped')),
  CONSTRAINT notice_lease CHECK ((status = 'sending') = (leased_until IS NOT NULL)),
  CONSTRAINT notice_sent CHECK (status <> 'sent' OR sent_at IS NOT NULL),
  CONSTRAINT notice_skipped CHECK ((status = 'skipped') = (skip_reason IS NOT NULL))
);
CREATE INDEX notice_due ON notice (next_attempt_at) WHERE status IN ('pending', 'sending');
CREATE INDEX notice_by_order ON notice (organization_id, order_id, id) WHERE order_id IS NOT NULL;
CREATE INDEX notice_by_customer ON notice (organization_id, customer_id, id) WHERE customer_id IS NOT NULL;
