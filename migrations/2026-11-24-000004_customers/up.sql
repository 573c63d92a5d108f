CREATE TABLE customer (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  code text,
  name text NOT NULL,
  kind text NOT NULL,
  guest boolean NOT NULL DEFAULT false, -- made by an order that named a person by e-mail alone: history, never terms or credit
  email text,
  phone text,
  tax_id text,
  tax_exemption jsonb,
  electronic_address jsonb,
  currency text,
  payment_terms text NOT NULL DEFAULT 'due_on_receipt',
  credit_limit numeric(18, 4), -- in the customer's currency, else the organization's base currency
  price_list text,
  blocked boolean NOT NULL DEFAULT false,
  bill_to_customer_id uuid,
  sales_rep text,
  addresses jsonb NOT NULL DEFAULT '[]',
  contacts jsonb NOT NULL DEFAULT '[]',
  billing_address jsonb,
  shipping_address jsonb,
  external_ids jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT customer_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT customer_code UNIQUE (organization_id, code),
  CONSTRAINT customer_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT customer_kind CHECK (kind IN ('company', 'person')),
  CONSTRAINT customer_payment_terms FOREIGN KEY (organization_id, payment_terms) REFERENCES payment_term,
  CONSTRAINT customer_bill_to FOREIGN KEY (organization_id, bill_to_customer_id) REFERENCES customer,
  CONSTRAINT customer_credit_limit CHECK (credit_limit >= 0)
);
CREATE INDEX customer_by_email ON customer (organization_id, lower(email)) WHERE email IS NOT NULL;
CREATE INDEX customer_by_updated ON customer (organization_id, updated_at, id);
CREATE INDEX customer_by_external_id ON customer USING gin (external_ids jsonb_path_ops);

-- A counter like stock, kept only for customers with a credit limit: open_orders = uninvoiced totals of confirmed orders,
-- unpaid = amounts due of invoices, both in the limit's currency.
CREATE TABLE customer_balance (
  organization_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  currency text NOT NULL,
  open_orders numeric(18, 4) NOT NULL DEFAULT 0,
  unpaid numeric(18, 4) NOT NULL DEFAULT 0,
  limit_amount numeric(18, 4) NOT NULL,
  CONSTRAINT customer_balance_pkey PRIMARY KEY (organization_id, customer_id),
  CONSTRAINT customer_balance_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customer
) WITH (fillfactor = 50);
