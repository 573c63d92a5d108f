CREATE TABLE payment (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  number text NOT NULL,
  customer_id uuid,
  order_id uuid, -- what it was announced for, where that is one order
  invoice_id uuid, -- the same for one invoice of that order
  currency text NOT NULL,
  method text NOT NULL,
  status text NOT NULL,
  amount numeric(18, 4) NOT NULL, -- announced, authorized or captured in all
  amount_captured numeric(18, 4) NOT NULL DEFAULT 0,
  amount_refunded numeric(18, 4) NOT NULL DEFAULT 0,
  amount_applied numeric(18, 4) NOT NULL DEFAULT 0, -- = sum of its allocations
  received_on date NOT NULL,
  reference text,
  external_ids jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  actor text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT payment_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT payment_number UNIQUE (organization_id, number),
  CONSTRAINT payment_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customer,
  CONSTRAINT payment_method CHECK (method IN ('bank_transfer', 'card', 'cash', 'e_wallet', 'other')),
  CONSTRAINT payment_status CHECK (status IN ('pending', 'authorized', 'captured', 'voided', 'failed', 'reversed', 'partially_refunded', 'refunded')),
  CONSTRAINT payment_amount CHECK (amount > 0),
  CONSTRAINT payment_captured CHECK (amount_captured BETWEEN 0 AND amount),
  CONSTRAINT payment_refunded CHECK (amount_refunded BETWEEN 0 AND amount_captured),
  CONSTRAINT payment_applied CHECK (amount_applied >= 0 AND amount_applied <= amount_captured - amount_refunded)
);
CREATE INDEX payment_by_customer ON payment (organization_id, customer_id, id);
CREATE INDEX payment_by_order ON payment (organization_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX payment_by_updated ON payment (organization_id, updated_at, id);

-- Append-only: what is taken back is a negative row. A row of an invoice also names that invoice's order.
CREATE TABLE payment_allocation (
  organization_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  id uuid NOT NULL,
  invoice_id uuid,
  order_id uuid NOT NULL,
  amount numeric(18, 4) NOT NULL,
  adjustments jsonb NOT NULL DEFAULT '[]',
  refund_id uuid, -- of a negative row: the refund that took the money back; else it is unapplied again, or moved
  created_at timestamptz NOT NULL,
  CONSTRAINT payment_allocation_pkey PRIMARY KEY (organization_id, payment_id, id),
  CONSTRAINT payment_allocation_payment FOREIGN KEY (organization_id, payment_id) REFERENCES payment,
  CONSTRAINT payment_allocation_invoice FOREIGN KEY (organization_id, invoice_id) REFERENCES invoice,
  CONSTRAINT payment_allocation_order FOREIGN KEY (organization_id, order_id) REFERENCES sales_order
);
CREATE INDEX payment_allocation_by_invoice ON payment_allocation (organization_id, invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX payment_allocation_by_order ON payment_allocation (organization_id, order_id);

CREATE TABLE refund (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  number text NOT NULL,
  payment_id uuid NOT NULL,
  order_id uuid,
  amount numeric(18, 4) NOT NULL,
  currency text NOT NULL,
  reason text NOT NULL,
  status text NOT NULL,
  actor text NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT refund_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT refund_payment FOREIGN KEY (organization_id, payment_id) REFERENCES payment,
  CONSTRAINT refund_status CHECK (status IN ('pending', 'succeeded', 'failed')),
  CONSTRAINT refund_amount CHECK (amount > 0)
);
CREATE INDEX refund_by_payment ON refund (organization_id, payment_id);
