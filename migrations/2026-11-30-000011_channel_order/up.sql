-- What a shop has told of its orders: which order of ours each is, and how far we have followed it.
CREATE TABLE channel_order (
  organization_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  external_id text NOT NULL,
  order_id uuid, -- null while there is none: it waits for something, or was cancelled before it came
  version_at timestamptz, -- the shop's, of the newest state that was told; an older one changes nothing
  content bytea, -- SHA-256 of what the order was last made of: only what is new there is edited here
  gone text, -- cancelled or deleted before an order was made of it
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT channel_order_pkey PRIMARY KEY (organization_id, channel_id, external_id),
  CONSTRAINT channel_order_channel FOREIGN KEY (organization_id, channel_id) REFERENCES channel (organization_id, id),
  CONSTRAINT channel_order_order UNIQUE (organization_id, order_id),
  CONSTRAINT channel_order_gone CHECK (gone IN ('cancelled', 'deleted'))
);

-- What of it has been worked in once and for all, written in the transaction that did it.
CREATE TABLE channel_order_fact (
  organization_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  external_id text NOT NULL,
  kind text NOT NULL,
  reference text NOT NULL, -- the shop's id of the refund or fulfillment
  note text, -- what could not be followed of it
  at timestamptz NOT NULL,
  CONSTRAINT channel_order_fact_pkey PRIMARY KEY (organization_id, channel_id, external_id, kind, reference),
  CONSTRAINT channel_order_fact_order FOREIGN KEY (organization_id, channel_id, external_id) REFERENCES channel_order (organization_id, channel_id, external_id),
  CONSTRAINT channel_order_fact_kind CHECK (kind IN ('refund_money', 'refund_goods', 'refund_rest', 'fulfillment', 'doubt'))
);
