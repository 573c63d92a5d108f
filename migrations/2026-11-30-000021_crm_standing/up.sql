-- How far the feed has been followed for a CRM that is told where its orders stand.
CREATE TABLE crm_follow (
  organization_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  read_through bigint NOT NULL, -- sequence of the feed
  CONSTRAINT crm_follow_pkey PRIMARY KEY (organization_id, channel_id),
  CONSTRAINT crm_follow_channel FOREIGN KEY (organization_id, channel_id) REFERENCES channel (organization_id, id)
);

-- Which orders a CRM is to be told of: where an order stands is looked up when it is told, so the last state wins.
CREATE TABLE crm_standing (
  organization_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  order_id uuid NOT NULL,
  status text NOT NULL,
  generation bigint NOT NULL DEFAULT 1, -- grows with everything that happens to the order
  told bytea, -- SHA-256 of what was told last
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL,
  leased_until timestamptz,
  error text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT crm_standing_pkey PRIMARY KEY (organization_id, channel_id, order_id),
  CONSTRAINT crm_standing_channel FOREIGN KEY (organization_id, channel_id) REFERENCES channel (organization_id, id),
  CONSTRAINT crm_standing_order FOREIGN KEY (organization_id, order_id) REFERENCES sales_order (organization_id, id),
  CONSTRAINT crm_standing_status CHECK (status IN ('waiting', 'told', 'failed'))
);
CREATE INDEX crm_standing_waiting ON crm_standing (next_attempt_at) WHERE status = 'waiting';
