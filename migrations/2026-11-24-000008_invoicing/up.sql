-- Gapless: a number is taken as the last statement before commit, under this row's lock.
CREATE TABLE invoice_series (
  organization_id uuid NOT NULL,
  code text NOT NULL,
  kind text NOT NULL,
  prefix text NOT NULL,
  year_reset boolean NOT NULL DEFAULT false,
  next_number bigint NOT NULL DEFAULT 1,
  year integer, -- of the last number, where the series starts anew each year
  last_issued_on date, -- dates never run backwards within a series
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT invoice_series_pkey PRIMARY KEY (organization_id, code),
  CONSTRAINT invoice_series_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT invoice_series_kind CHECK (kind IN ('invoice', 'credit_note')),
  CONSTRAINT invoice_series_next CHECK (next_number > 0)
);

CREATE TABLE invoice (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  number text NOT NULL,
  series text NOT NULL,
  series_number bigint NOT NULL,
  status text NOT NULL,
  order_id uuid NOT NULL,
  customer_id uuid NOT NULL, -- bill-to
  currency text NOT NULL,
  exchange_rate numeric(24, 10), -- base currency units for one of currency, on issued_on
  subtotal numeric(18, 4) NOT NULL,
  discount_total numeric(18, 4) NOT NULL,
  shipping_net numeric(18, 4) NOT NULL,
  shipping_tax numeric(18, 4) NOT NULL,
  tax_total numeric(18, 4) NOT NULL,
  rounding_amount numeric(18, 4) NOT NULL DEFAULT 0,
  total numeric(18, 4) NOT NULL,
  amount_credited numeric(18, 4) NOT NULL DEFAULT 0,
  amount_paid numeric(18, 4) NOT NULL DEFAULT 0,
  supply_on date NOT NULL,
  issued_on date NOT NULL,
  due_on date NOT NULL,
  document text NOT NULL, -- JSON: seller, bill_to, ship_to, orders, tax breakdown, payment means; never changed
  external_ids jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  actor text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT invoice_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT invoice_number UNIQUE (organization_id, number),
  CONSTRAINT invoice_series_number UNIQUE (organization_id, series, series_number, issued_on),
  CONSTRAINT invoice_order FOREIGN KEY (organization_id, order_id) REFERENCES sales_order,
  CONSTRAINT invoice_status CHECK (status IN ('issued', 'partially_paid', 'paid', 'credited')),
  CONSTRAINT invoice_credited CHECK (amount_credited BETWEEN 0 AND total),
  CONSTRAINT invoice_paid CHECK (amount_paid >= 0 AND amount_paid <= total)
);
CREATE INDEX invoice_by_order ON invoice (organization_id, order_id);
CREATE INDEX invoice_by_customer ON invoice (organization_id, customer_id, id);
CREATE INDEX invoice_by_updated ON invoice (organization_id, updated_at, id);
CREATE INDEX invoice_open ON invoice (organization_id, due_on) WHERE status IN ('issued', 'partially_paid');

CREATE TABLE invoice_line (
  organization_id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  line_number smallint NOT NULL,
  id uuid NOT NULL,
  order_id uuid NOT NULL,
  order_line_number smallint NOT NULL,
  order_line_id uuid NOT NULL,
  shipment_id uuid,
  sku text COLLATE "C" NOT NULL,
  name text NOT NULL,
  unit text NOT NULL,
  quantity numeric(18, 3) NOT NULL,
  unit_price numeric(18, 6) NOT NULL,
  price_quantity numeric(18, 3) NOT NULL,
  discount_amount numeric(18, 4) NOT NULL,
  net_amount numeric(18, 4) NOT NULL,
  order_discount_amount numeric(18, 4) NOT NULL DEFAULT 0, -- this line's share of the order-level discounts
  tax_category text NOT NULL,
  tax_rate numeric(9, 6) NOT NULL,
  tax_amount numeric(18, 4) NOT NULL,
  credited_quantity numeric(18, 3) NOT NULL DEFAULT 0,
  detail jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT invoice_line_pkey PRIMARY KEY (organization_id, invoice_id, line_number),
  CONSTRAINT invoice_line_invoice FOREIGN KEY (organization_id, invoice_id) REFERENCES invoice,
  CONSTRAINT invoice_line_quantity CHECK (quantity > 0),
  CONSTRAINT invoice_line_credited CHECK (credited_quantity BETWEEN 0 AND quantity)
);
CREATE INDEX invoice_line_by_order ON invoice_line (organization_id, order_id, order_line_number);

CREATE TABLE credit_note (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  number text NOT NULL,
  series text NOT NULL,
  series_number bigint NOT NULL,
  invoice_id uuid NOT NULL,
  order_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  currency text NOT NULL,
  exchange_rate numeric(24, 10),
  reason text NOT NULL,
  buyer_document_number text,
  subtotal numeric(18, 4) NOT NULL,
  discount_total numeric(18, 4) NOT NULL,
  shipping_net numeric(18, 4) NOT NULL,
  shipping_tax numeric(18, 4) NOT NULL,
  tax_total numeric(18, 4) NOT NULL,
  total numeric(18, 4) NOT NULL,
  issued_on date NOT NULL,
  document text NOT NULL,
  external_ids jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  actor text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT credit_note_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT credit_note_number UNIQUE (organization_id, number),
  CONSTRAINT credit_note_series_number UNIQUE (organization_id, series, series_number, issued_on),
  CONSTRAINT credit_note_invoice FOREIGN KEY (organization_id, invoice_id) REFERENCES invoice
);
CREATE INDEX credit_note_by_invoice ON credit_note (organization_id, invoice_id);
CREATE INDEX credit_note_by_order ON credit_note (organization_id, order_id);
CREATE INDEX credit_note_by_customer ON credit_note (organization_id, customer_id, id);
CREATE INDEX credit_note_by_updated ON credit_note (organization_id, updated_at, id);

CREATE TABLE credit_note_line (
  organization_id uuid NOT NULL,
  credit_note_id uuid NOT NULL,
  line_number smallint NOT NULL,
  id uuid NOT NULL,
  invoice_line_number smallint NOT NULL,
  order_line_id uuid NOT NULL,
  sku text COLLATE "C" NOT NULL,
  name text NOT NULL,
  unit text NOT NULL,
  quantity numeric(18, 3) NOT NULL,
  unit_price numeric(18, 6) NOT NULL,
  price_quantity numeric(18, 3) NOT NULL,
  discount_amount numeric(18, 4) NOT NULL,
  net_amount numeric(18, 4) NOT NULL,
  order_discount_amount numeric(18, 4) NOT NULL DEFAULT 0,
  tax_category text NOT NULL,
  tax_rate numeric(9, 6) NOT NULL,
  tax_amount numeric(18, 4) NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT credit_note_line_pkey PRIMARY KEY (organization_id, credit_note_id, line_number),
  CONSTRAINT credit_note_line_credit_note FOREIGN KEY (organization_id, credit_note_id) REFERENCES credit_note,
  CONSTRAINT credit_note_line_quantity CHECK (quantity > 0)
);
