-- How far the feed has been followed for a shop, and since when it was asked for what its hooks have not told.
CREATE TABLE shop_follow (
  organization_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  read_through bigint NOT NULL, -- sequence of the feed
  asked_through timestamptz NOT NULL, -- orders that the shop changed up to here have been asked for
  ask_again_at timestamptz NOT NULL,
  leased_until timestamptz,
  CONSTRAINT shop_follow_pkey PRIMARY KEY (organization_id, channel_id),
  CONSTRAINT shop_follow_channel FOREIGN KEY (organization_id, channel_id) REFERENCES channel (organization_id, id)
);

-- What a shop is to be told of: stored with the move of the cursor, told by a job, as often as it takes.
CREATE TABLE shop_task (
  organization_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  shipment_id uuid NOT NULL,
  order_id uuid NOT NULL,
  status text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL,
  leased_until timestamptz,
  reference text, -- what the shop calls it
  error text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT shop_task_pkey PRIMARY KEY (organization_id, channel_id, shipment_id),
  CONSTRAINT shop_task_channel FOREIGN KEY (organization_id, channel_id) REFERENCES channel (organization_id, id),
  CONSTRAINT shop_task_status CHECK (status IN ('waiting', 'done', 'failed'))
);
CREATE INDEX shop_task_waiting ON shop_task (next_attempt_at) WHERE status = 'waiting';
CREATE INDEX shop_task_by_order ON shop_task (organization_id, order_id) WHERE status = 'waiting';

-- The stock that a shop was told last.
CREATE TABLE shop_stock (
  organization_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  sku text COLLATE "C" NOT NULL,
  told numeric(18, 3), -- null: nothing yet
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL,
  error text,
  CONSTRAINT shop_stock_pkey PRIMARY KEY (organization_id, channel_id, sku),
  CONSTRAINT shop_stock_channel FOREIGN KEY (organization_id, channel_id) REFERENCES channel (organization_id, id)
);
