-- What was read of an order that came as a document, and what has become of it: one for each order that was sent.
CREATE TABLE order_verification (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  channel_id uuid NOT NULL,
  inbound_message_id uuid NOT NULL,
  external_id text NOT NULL, -- the sender's id of the message; the same order sent again is the same
  status text NOT NULL,
  reasons jsonb NOT NULL, -- [{code, detail, pointer}]: why a person has to look
  sender text,
  sender_name text,
  subject text NOT NULL,
  message_id text,
  message_references text[] NOT NULL, -- of the mails that it answers to
  answerable boolean NOT NULL, -- a person has sent it
  customer_id uuid, -- whom it seems to be from
  reading jsonb NOT NULL, -- each field with its confidence and place
  proposal jsonb NOT NULL, -- the order that could be made of it
  intended_order_id uuid NOT NULL, -- the order that is made of it by itself gets this id, however often it is tried
  intent text NOT NULL, -- what is to be made of it by itself
  order_id uuid, -- the order that it has become, or its draft
  detail text, -- why it was rejected
  decided_at timestamptz,
  decided_by text,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT order_verification_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT order_verification_channel FOREIGN KEY (organization_id, channel_id) REFERENCES channel (organization_id, id),
  CONSTRAINT order_verification_once UNIQUE (organization_id, channel_id, external_id),
  CONSTRAINT order_verification_status CHECK (status IN ('open', 'accepted', 'rejected', 'automatic')),
  CONSTRAINT order_verification_intent CHECK (intent IN ('order', 'draft', 'nothing')),
  CONSTRAINT order_verification_reasons CHECK (status <> 'open' OR jsonb_array_length(reasons) > 0),
  CONSTRAINT order_verification_accepted CHECK (status <> 'accepted' OR order_id IS NOT NULL),
  CONSTRAINT order_verification_decided CHECK ((status IN ('accepted', 'rejected')) = (decided_at IS NOT NULL))
);
CREATE INDEX order_verification_by_status ON order_verification (organization_id, status, id);
CREATE INDEX order_verification_by_order ON order_verification (organization_id, order_id) WHERE order_id IS NOT NULL;
