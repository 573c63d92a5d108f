-- Goods that a customer sends back (RMA). Quantities in the order line's unit.
CREATE TABLE sales_return (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  number text NOT NULL,
  order_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  status text NOT NULL,
  shipment_id uuid, -- of a shipment that a carrier brought back
  within_window boolean NOT NULL,
  window_ends_on date NOT NULL,
  currency text NOT NULL,
  amount_credited numeric(18, 4) NOT NULL DEFAULT 0,
  amount_refunded numeric(18, 4) NOT NULL DEFAULT 0,
  restocking_fee numeric(18, 4) NOT NULL DEFAULT 0,
  replacement_order_id uuid,
  credit_note_ids uuid[] NOT NULL DEFAULT '{}',
  refund_ids uuid[] NOT NULL DEFAULT '{}',
  milestones jsonb NOT NULL DEFAULT '{}',
  detail jsonb NOT NULL DEFAULT '{}',
  external_ids jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  actor text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT sales_return_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT sales_return_number UNIQUE (organization_id, number),
  CONSTRAINT sales_return_order FOREIGN KEY (organization_id, order_id) REFERENCES sales_order,
  CONSTRAINT sales_return_status CHECK (status IN ('requested', 'authorized', 'refused', 'partially_received', 'received', 'completed', 'cancelled')),
  CONSTRAINT sales_return_amounts CHECK (amount_credited >= 0 AND amount_refunded >= 0 AND restocking_fee >= 0)
);
CREATE INDEX sales_return_by_order ON sales_return (organization_id, order_id);
CREATE INDEX sales_return_by_customer ON sales_return (organization_id, customer_id, id);
CREATE INDEX sales_return_by_updated ON sales_return (organization_id, updated_at, id);
-- A shipment comes back once, however often carriers say so.
CREATE UNIQUE INDEX sales_return_of_shipment ON sales_return (organization_id, shipment_id) WHERE shipment_id IS NOT NULL;

CREATE TABLE sales_return_line (
  organization_id uuid NOT NULL,
  return_id uuid NOT NULL,
  line_number smallint NOT NULL, -- the order line's
  id uuid NOT NULL,
  order_id uuid NOT NULL,
  order_line_id uuid NOT NULL,
  sku text COLLATE "C" NOT NULL,
  name text NOT NULL,
  unit text NOT NULL,
  unit_factor numeric(18, 6) NOT NULL, -- base units in one unit
  quantity numeric(18, 3) NOT NULL, -- announced; 0 where it came unannounced
  reason_code text,
  reason_detail text,
  resellable numeric(18, 3) NOT NULL DEFAULT 0,
  damaged numeric(18, 3) NOT NULL DEFAULT 0,
  scrap numeric(18, 3) NOT NULL DEFAULT 0,
  uninvoiced numeric(18, 3) NOT NULL DEFAULT 0, -- of the received: came back before it was invoiced, and is not
  credited numeric(18, 3) NOT NULL DEFAULT 0, -- of the received: on credit notes of this return
  CONSTRAINT sales_return_line_pkey PRIMARY KEY (organization_id, return_id, line_number),
  CONSTRAINT sales_return_line_return FOREIGN KEY (organization_id, return_id) REFERENCES sales_return,
  CONSTRAINT sales_return_line_quantity CHECK (quantity >= 0 AND resellable >= 0 AND damaged >= 0 AND scrap >= 0),
  CONSTRAINT sales_return_line_settled CHECK (uninvoiced >= 0 AND credited >= 0 AND uninvoiced + credited <= resellable + damaged + scrap),
  CONSTRAINT sales_return_line_reason CHECK (reason_code IN ('damaged', 'defective', 'wrong_item', 'not_as_described', 'late', 'changed_mind', 'refused'))
);
CREATE INDEX sales_return_line_by_order ON sales_return_line (organization_id, order_id, line_number);
