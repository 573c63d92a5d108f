-- Which account of the books each role posts to. A row without qualifier serves all that no more exact row does.
CREATE TABLE ledger_account (
  organization_id uuid NOT NULL,
  role text COLLATE "C" NOT NULL,
  tax_category text COLLATE "C" NOT NULL DEFAULT '', -- empty: whatever the category
  payment_method text COLLATE "C" NOT NULL DEFAULT '', -- empty: whatever the method
  code text NOT NULL,
  name text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT ledger_account_pkey PRIMARY KEY (organization_id, role, tax_category, payment_method),
  CONSTRAINT ledger_account_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT ledger_account_qualifier CHECK (tax_category = '' OR payment_method = '')
);
INSERT INTO ledger_account (organization_id, role, code, name, created_at, updated_at)
SELECT o.id, a.role, a.code, a.name, now(), now() FROM organization o CROSS JOIN (VALUES
  ('receivable', '1200', 'Trade receivables'), ('bank', '1000', 'Bank'), ('refund', '1000', 'Bank'),
  ('inventory', '1300', 'Inventory'), ('withholding', '1400', 'Withholding tax receivable'), ('deposit', '2300', 'Customer deposits'),
  ('tax', '2200', 'Output tax'), ('revenue', '4000', 'Sales'), ('shipping', '4100', 'Shipping charged'),
  ('credit_note', '4800', 'Sales returns and allowances'), ('discount', '4900', 'Discounts granted'),
  ('early_payment_discount', '4910', 'Early payment discounts'), ('cost_of_goods', '5000', 'Cost of goods sold'),
  ('inventory_adjustment', '5100', 'Inventory adjustments'), ('bank_fee', '6100', 'Bank fees'), ('write_off', '6200', 'Bad debts'),
  ('rounding', '6300', 'Rounding differences'), ('exchange_difference', '6400', 'Exchange differences')) AS a (role, code, name);

-- How far the feed of an organization has been posted. Its row lock makes one writer at a time, so that sequences are committed in
-- their order and a reader by cursor misses none.
CREATE TABLE journal_cursor (
  organization_id uuid NOT NULL,
  event_id bigint NOT NULL DEFAULT 0,
  last_sequence bigint NOT NULL DEFAULT 0,
  CONSTRAINT journal_cursor_pkey PRIMARY KEY (organization_id)
);

-- Append-only.
CREATE TABLE journal_entry (
  organization_id uuid NOT NULL,
  sequence bigint NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  posted_on date NOT NULL,
  source_type text NOT NULL,
  source_id uuid NOT NULL,
  source_number text,
  order_id uuid,
  customer_id uuid,
  currency text NOT NULL,
  base_currency text NOT NULL,
  exchange_rate numeric(24, 10),
  recorded_at timestamptz NOT NULL,
  CONSTRAINT journal_entry_pkey PRIMARY KEY (organization_id, sequence),
  CONSTRAINT journal_entry_id UNIQUE (organization_id, id),
  CONSTRAINT journal_entry_kind CHECK (kind IN ('invoice', 'credit_note', 'payment', 'payment_application', 'refund', 'shipment', 'return',
    'inventory_adjustment'))
);
CREATE INDEX journal_entry_by_source ON journal_entry (organization_id, source_id);
CREATE INDEX journal_entry_by_order ON journal_entry (organization_id, order_id, sequence) WHERE order_id IS NOT NULL;

CREATE TABLE journal_line (
  organization_id uuid NOT NULL,
  sequence bigint NOT NULL,
  line_number smallint NOT NULL,
  role text NOT NULL,
  account text NOT NULL,
  amount numeric(18, 4) NOT NULL, -- debit above 0, credit below
  base_amount numeric(22, 4), -- null where the document has no exchange rate
  tax_category text,
  tax_rate numeric(9, 6),
  invoice_id uuid, -- the open item that the line moves: what is due on an invoice …
  payment_id uuid, -- … or what a payment has on no invoice
  CONSTRAINT journal_line_pkey PRIMARY KEY (organization_id, sequence, line_number),
  CONSTRAINT journal_line_entry FOREIGN KEY (organization_id, sequence) REFERENCES journal_entry,
  CONSTRAINT journal_line_item CHECK (invoice_id IS NULL OR payment_id IS NULL)
);
CREATE INDEX journal_line_by_invoice ON journal_line (organization_id, invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX journal_line_by_payment ON journal_line (organization_id, payment_id) WHERE payment_id IS NOT NULL;

-- What has been posted: its key is what makes each fact an entry once.
CREATE TABLE journal_source (
  organization_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL,
  source_id uuid NOT NULL,
  part bigint NOT NULL, -- of a movement its id, of a capture its number, else 0
  amount numeric(18, 4) NOT NULL DEFAULT 0, -- of a capture
  sequence bigint, -- null where the fact moves no account
  CONSTRAINT journal_source_pkey PRIMARY KEY (organization_id, kind, source_id, part),
  CONSTRAINT journal_source_kind CHECK (kind IN ('invoice', 'credit_note', 'capture', 'allocation', 'refund', 'movement'))
);
