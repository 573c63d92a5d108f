CREATE TABLE location (
  organization_id uuid NOT NULL,
  code text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  address jsonb,
  priority integer NOT NULL DEFAULT 100, -- lower ships first
  active boolean NOT NULL DEFAULT true,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT location_pkey PRIMARY KEY (organization_id, code),
  CONSTRAINT location_id UNIQUE (organization_id, id),
  CONSTRAINT location_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT location_kind CHECK (kind IN ('warehouse', 'store', 'supplier'))
);

-- All quantities in the product's base unit. available = on_hand - reserved - safety_stock - quarantined.
CREATE TABLE stock_level (
  organization_id uuid NOT NULL,
  sku text COLLATE "C" NOT NULL,
  location text COLLATE "C" NOT NULL,
  on_hand numeric(18, 3) NOT NULL DEFAULT 0,
  reserved numeric(18, 3) NOT NULL DEFAULT 0,
  safety_stock numeric(18, 3) NOT NULL DEFAULT 0,
  quarantined numeric(18, 3) NOT NULL DEFAULT 0,
  reorder_point numeric(18, 3),
  unit_cost numeric(18, 6), -- moving average in the organization's base currency
  snapshot_as_of timestamptz,
  snapshot_version bigint,
  version bigint NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT stock_level_pkey PRIMARY KEY (organization_id, sku, location),
  CONSTRAINT stock_level_reserved CHECK (reserved >= 0 AND reserved <= on_hand),
  CONSTRAINT stock_level_quarantined CHECK (quarantined >= 0),
  CONSTRAINT stock_level_safety_stock CHECK (safety_stock >= 0),
  CONSTRAINT stock_level_product FOREIGN KEY (organization_id, sku) REFERENCES product,
  CONSTRAINT stock_level_location FOREIGN KEY (organization_id, location) REFERENCES location
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE stock_movement (
  organization_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  sku text COLLATE "C" NOT NULL,
  location text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  quantity numeric(18, 3) NOT NULL, -- signed change of on_hand, base unit
  unit_cost numeric(18, 6),
  reason text,
  reference text,
  subject_id uuid, -- the shipment, incoming supply, return … that caused it
  actor text NOT NULL,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  CONSTRAINT stock_movement_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT stock_movement_kind CHECK (kind IN ('receipt', 'adjustment', 'count', 'transfer_in', 'transfer_out', 'shipment', 'return', 'snapshot', 'scrap'))
);
CREATE INDEX stock_movement_by_sku ON stock_movement (organization_id, sku, location, id);
CREATE INDEX stock_movement_by_subject ON stock_movement (organization_id, subject_id) WHERE subject_id IS NOT NULL;

CREATE TABLE incoming_supply (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  sku text COLLATE "C" NOT NULL,
  location text COLLATE "C" NOT NULL,
  quantity numeric(18, 3) NOT NULL,
  received_quantity numeric(18, 3) NOT NULL DEFAULT 0,
  expected_on date NOT NULL,
  reference text,
  status text NOT NULL DEFAULT 'open',
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT incoming_supply_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT incoming_supply_status CHECK (status IN ('open', 'received', 'cancelled')),
  CONSTRAINT incoming_supply_quantity CHECK (quantity > 0),
  CONSTRAINT incoming_supply_product FOREIGN KEY (organization_id, sku) REFERENCES product,
  CONSTRAINT incoming_supply_location FOREIGN KEY (organization_id, location) REFERENCES location
);
CREATE INDEX incoming_supply_open ON incoming_supply (organization_id, sku, expected_on) WHERE status = 'open';

-- A checkout's hold on stock. Live by its status, whatever its expires_at: expiry is an action that gives the stock back.
CREATE TABLE reservation (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  status text NOT NULL DEFAULT 'live',
  release_secret_hash bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  order_id uuid,
  actor text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT reservation_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT reservation_status CHECK (status IN ('live', 'consumed', 'released', 'expired'))
);
CREATE INDEX reservation_live ON reservation (expires_at) WHERE status = 'live';

CREATE TABLE reservation_line (
  organization_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  sku text COLLATE "C" NOT NULL,
  location text COLLATE "C" NOT NULL,
  quantity numeric(18, 3) NOT NULL, -- base unit
  CONSTRAINT reservation_line_pkey PRIMARY KEY (organization_id, reservation_id, sku, location),
  CONSTRAINT reservation_line_reservation FOREIGN KEY (organization_id, reservation_id) REFERENCES reservation,
  CONSTRAINT reservation_line_quantity CHECK (quantity > 0)
);
