CREATE TABLE fulfillment_order (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  order_id uuid NOT NULL,
  number text NOT NULL, -- the order's number and a suffix: SO-000123-F1
  location text COLLATE "C" NOT NULL,
  status text NOT NULL DEFAULT 'open',
  ship_by_on date,
  packages jsonb, -- what is packed and has not left; the next shipment takes them
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT fulfillment_order_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT fulfillment_order_status CHECK (status IN ('open', 'on_hold', 'picking', 'packed', 'shipped', 'cancelled'))
) WITH (fillfactor = 90);
CREATE INDEX fulfillment_order_by_order ON fulfillment_order (organization_id, order_id);
CREATE INDEX fulfillment_order_open ON fulfillment_order (organization_id, location, id) WHERE status IN ('open', 'on_hold', 'picking', 'packed');

-- An allocation is a line of a fulfillment order. Quantities in the order line's unit; open = quantity - shipped.
-- No foreign key to order_line: it alone cost 12 % of the capture statement; `pesanan check` proves it instead.
CREATE TABLE allocation (
  organization_id uuid NOT NULL,
  order_id uuid NOT NULL,
  line_number smallint NOT NULL,
  fulfillment_order_id uuid NOT NULL,
  sku text COLLATE "C" NOT NULL,
  location text COLLATE "C" NOT NULL,
  quantity numeric(18, 3) NOT NULL,
  unit_factor numeric(18, 6) NOT NULL DEFAULT 1,
  picked numeric(18, 3) NOT NULL DEFAULT 0,
  packed numeric(18, 3) NOT NULL DEFAULT 0,
  shipped numeric(18, 3) NOT NULL DEFAULT 0,
  reason text, -- why this location: whole_order, fewest_locations, reservation, backorder …
  CONSTRAINT allocation_pkey PRIMARY KEY (organization_id, order_id, line_number, fulfillment_order_id),
  CONSTRAINT allocation_progress CHECK (shipped >= 0 AND packed BETWEEN shipped AND quantity AND picked BETWEEN packed AND quantity)
) WITH (fillfactor = 90);
CREATE INDEX allocation_open ON allocation (organization_id, sku, location) WHERE quantity > shipped;

CREATE TABLE shipment (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  number text NOT NULL, -- SO-000123-S1
  order_id uuid NOT NULL,
  fulfillment_order_id uuid NOT NULL,
  location text COLLATE "C" NOT NULL,
  carrier text NOT NULL,
  tracking_number text,
  tracking_url text,
  status text NOT NULL,
  delivery_source text,
  packages jsonb NOT NULL DEFAULT '[]',
  shipped_at timestamptz NOT NULL,
  delivered_at timestamptz,
  received_by text,
  external_ids jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT shipment_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT shipment_order FOREIGN KEY (organization_id, order_id) REFERENCES sales_order,
  CONSTRAINT shipment_status CHECK (status IN ('in_transit', 'out_for_delivery', 'delivered', 'exception', 'returned')),
  CONSTRAINT shipment_delivery_source CHECK (delivery_source IN ('carrier', 'manual', 'assumed'))
);
CREATE INDEX shipment_by_order ON shipment (organization_id, order_id);
CREATE INDEX shipment_by_tracking_number ON shipment (organization_id, tracking_number) WHERE tracking_number IS NOT NULL;
CREATE INDEX shipment_by_updated ON shipment (organization_id, updated_at, id);

CREATE TABLE shipment_line (
  organization_id uuid NOT NULL,
  shipment_id uuid NOT NULL,
  order_id uuid NOT NULL,
  line_number smallint NOT NULL,
  order_line_id uuid NOT NULL,
  sku text COLLATE "C" NOT NULL,
  quantity numeric(18, 3) NOT NULL, -- the order line's unit
  invoiced numeric(18, 3) NOT NULL DEFAULT 0,
  unit_cost numeric(18, 6), -- per base unit at the moment of shipping
  CONSTRAINT shipment_line_pkey PRIMARY KEY (organization_id, shipment_id, line_number),
  CONSTRAINT shipment_line_shipment FOREIGN KEY (organization_id, shipment_id) REFERENCES shipment,
  CONSTRAINT shipment_line_quantity CHECK (quantity > 0),
  CONSTRAINT shipment_line_invoiced CHECK (invoiced BETWEEN 0 AND quantity)
);
CREATE INDEX shipment_line_by_order ON shipment_line (organization_id, order_id, line_number);

CREATE TABLE tracking_event (
  organization_id uuid NOT NULL,
  shipment_id uuid NOT NULL,
  id uuid NOT NULL,
  status text NOT NULL,
  occurred_at timestamptz NOT NULL,
  detail text,
  city text,
  received_by text,
  recorded_at timestamptz NOT NULL,
  CONSTRAINT tracking_event_pkey PRIMARY KEY (organization_id, shipment_id, id),
  CONSTRAINT tracking_event_shipment FOREIGN KEY (organization_id, shipment_id) REFERENCES shipment,
  CONSTRAINT tracking_event_status CHECK (status IN ('in_transit', 'out_for_delivery', 'delivered', 'exception', 'returned'))
);
