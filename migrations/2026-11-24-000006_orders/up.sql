-- Exactly 32 columns: every column of this table is paid on each capture. What is written once and served verbatim is text.
CREATE TABLE sales_order (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  number text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  status text NOT NULL,
  fulfillment_status text NOT NULL DEFAULT 'unfulfilled',
  invoice_status text NOT NULL DEFAULT 'not_invoiced',
  payment_status text NOT NULL DEFAULT 'unpaid',
  return_status text NOT NULL DEFAULT 'none',
  channel text NOT NULL,
  external_id text,
  customer_id uuid NOT NULL,
  bill_to_customer_id uuid NOT NULL,
  currency text NOT NULL,
  subtotal numeric(18, 4) NOT NULL,
  discount_total numeric(18, 4) NOT NULL,
  shipping_net numeric(18, 4) NOT NULL,
  tax_total numeric(18, 4) NOT NULL,
  total numeric(18, 4) NOT NULL,
  amount_invoiced numeric(18, 4) NOT NULL DEFAULT 0,
  amount_credited numeric(18, 4) NOT NULL DEFAULT 0,
  amount_paid numeric(18, 4) NOT NULL DEFAULT 0, -- applied captures minus refunds
  amount_refunded numeric(18, 4) NOT NULL DEFAULT 0,
  amount_authorized numeric(18, 4) NOT NULL DEFAULT 0,
  uninvoiced_total numeric(18, 4) NOT NULL, -- value of what is neither cancelled nor invoiced
  document text NOT NULL, -- JSON: customer snapshots, addresses, discounts, tax breakdown, terms; rewritten only by an edit
  detail jsonb NOT NULL DEFAULT '{}', -- what people may change: contact, note, external ids, metadata
  milestones jsonb NOT NULL,
  sales_rep text,
  purchase_order_number text,
  ordered_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT sales_order_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT sales_order_number UNIQUE (organization_id, number),
  CONSTRAINT sales_order_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customer,
  CONSTRAINT sales_order_status CHECK (status IN ('draft', 'on_hold', 'confirmed', 'completed', 'cancelled')),
  CONSTRAINT sales_order_fulfillment_status CHECK (fulfillment_status IN ('unfulfilled', 'partially_fulfilled', 'fulfilled', 'delivered')),
  CONSTRAINT sales_order_invoice_status CHECK (invoice_status IN ('not_invoiced', 'partially_invoiced', 'invoiced')),
  CONSTRAINT sales_order_payment_status CHECK (payment_status IN ('unpaid', 'authorized', 'partially_paid', 'paid', 'partially_refunded', 'refunded')),
  CONSTRAINT sales_order_return_status CHECK (return_status IN ('none', 'partially_returned', 'returned'))
) WITH (fillfactor = 90);
CREATE INDEX sales_order_by_customer ON sales_order (organization_id, customer_id, id);
CREATE INDEX sales_order_by_updated ON sales_order (organization_id, updated_at, id);
CREATE INDEX sales_order_by_external_id ON sales_order (organization_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX sales_order_by_purchase_order ON sales_order (organization_id, customer_id, purchase_order_number) WHERE purchase_order_number IS NOT NULL;
CREATE INDEX sales_order_open ON sales_order (organization_id, status, id) WHERE status IN ('draft', 'on_hold', 'confirmed');

-- Quantities in the line's unit; quantity = unallocated + backordered + allocated + shipped + cancelled.
CREATE TABLE order_line (
  organization_id uuid NOT NULL,
  order_id uuid NOT NULL,
  line_number smallint NOT NULL,
  id uuid NOT NULL, -- no index of its own: every path that names a line names its order
  sku text COLLATE "C" NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  unit text NOT NULL,
  unit_factor numeric(18, 6) NOT NULL DEFAULT 1, -- base units in one unit
  quantity numeric(18, 3) NOT NULL,
  original_quantity numeric(18, 3) NOT NULL,
  unit_price numeric(18, 6) NOT NULL,
  price_quantity numeric(18, 3) NOT NULL DEFAULT 1,
  discount_amount numeric(18, 4) NOT NULL,
  net_amount numeric(18, 4) NOT NULL,
  tax_category text NOT NULL,
  tax_rate numeric(9, 6) NOT NULL,
  tax_amount numeric(18, 4) NOT NULL,
  unallocated numeric(18, 3) NOT NULL DEFAULT 0,
  backordered numeric(18, 3) NOT NULL DEFAULT 0,
  allocated numeric(18, 3) NOT NULL DEFAULT 0,
  initially_allocated numeric(18, 3) NOT NULL DEFAULT 0,
  shipped numeric(18, 3) NOT NULL DEFAULT 0,
  delivered numeric(18, 3) NOT NULL DEFAULT 0,
  cancelled numeric(18, 3) NOT NULL DEFAULT 0,
  invoiced numeric(18, 3) NOT NULL DEFAULT 0,
  credited numeric(18, 3) NOT NULL DEFAULT 0,
  returned numeric(18, 3) NOT NULL DEFAULT 0,
  requested_on date,
  first_promised_on date,
  promised_on date,
  detail jsonb,
  CONSTRAINT order_line_pkey PRIMARY KEY (organization_id, order_id, line_number),
  CONSTRAINT order_line_order FOREIGN KEY (organization_id, order_id) REFERENCES sales_order,
  CONSTRAINT order_line_sum CHECK (quantity = unallocated + backordered + allocated + shipped + cancelled),
  CONSTRAINT order_line_not_negative CHECK (unallocated >= 0 AND backordered >= 0 AND allocated >= 0 AND shipped >= 0 AND cancelled >= 0),
  CONSTRAINT order_line_after CHECK (delivered BETWEEN 0 AND shipped AND returned BETWEEN 0 AND shipped AND credited BETWEEN 0 AND invoiced)
) WITH (fillfactor = 90);
CREATE INDEX order_line_backordered ON order_line (organization_id, sku, order_id) WHERE backordered > 0;
CREATE INDEX order_line_by_sku ON order_line (organization_id, sku, order_id);

CREATE TABLE order_hold (
  organization_id uuid NOT NULL,
  order_id uuid NOT NULL,
  id uuid NOT NULL,
  code text NOT NULL,
  scope text NOT NULL,
  order_line_id uuid,
  blocks text[] NOT NULL,
  releasable_by text[] NOT NULL,
  data jsonb NOT NULL DEFAULT '{}',
  detail text,
  raised_at timestamptz NOT NULL,
  raised_by text NOT NULL,
  released_at timestamptz,
  released_by text,
  release_reason text,
  CONSTRAINT order_hold_pkey PRIMARY KEY (organization_id, order_id, id),
  CONSTRAINT order_hold_order FOREIGN KEY (organization_id, order_id) REFERENCES sales_order,
  CONSTRAINT order_hold_scope CHECK (scope IN ('order', 'line')),
  CONSTRAINT order_hold_code CHECK (code IN ('price_mismatch', 'product_inactive', 'unknown_product', 'unit_mismatch', 'currency_mismatch', 'customer_blocked',
    'credit_limit', 'payment_required', 'address_incomplete', 'suspected_duplicate', 'fraud_review', 'approval_required', 'insufficient_stock', 'manual', 'rule'))
);
CREATE INDEX order_hold_open ON order_hold (organization_id, code, order_id) WHERE released_at IS NULL;
