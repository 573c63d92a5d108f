-- A file as it came. It is stored before anything is made of it.
CREATE TABLE bank_statement (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  format text NOT NULL,
  status text NOT NULL,
  content_hash bytea NOT NULL, -- SHA-256: the same bytes are one statement
  raw bytea NOT NULL,
  sections jsonb NOT NULL DEFAULT '[]', -- accounts, references and balances; read whole
  entry_count bigint NOT NULL DEFAULT 0,
  duplicate_count bigint NOT NULL DEFAULT 0,
  skipped_count bigint NOT NULL DEFAULT 0,
  faults jsonb NOT NULL DEFAULT '[]', -- why it was rejected
  actor text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT bank_statement_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT bank_statement_content UNIQUE (organization_id, content_hash),
  CONSTRAINT bank_statement_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT bank_statement_format CHECK (format IN ('camt053', 'csv')),
  CONSTRAINT bank_statement_status CHECK (status IN ('received', 'imported', 'rejected'))
);
ALTER TABLE bank_statement ALTER COLUMN raw SET STORAGE EXTERNAL;

CREATE TABLE bank_entry (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  statement_id uuid NOT NULL, -- the file that brought it first
  pointer text NOT NULL,
  key bytea NOT NULL, -- what tells it from all others: account, reference, date, amount
  account text NOT NULL,
  statement_reference text,
  booked_on date NOT NULL,
  value_on date,
  amount numeric(18, 4) NOT NULL,
  currency text NOT NULL,
  direction text NOT NULL,
  reversal boolean NOT NULL,
  remittance_text text NOT NULL,
  structured_reference text,
  end_to_end_id text,
  counterparty_name text,
  counterparty_account text,
  bank_reference text,
  status text NOT NULL,
  certain boolean NOT NULL DEFAULT false, -- the first suggestion is to be booked by itself
  suggestions jsonb NOT NULL DEFAULT '[]',
  payment_id uuid,
  refund_id uuid,
  booked boolean NOT NULL DEFAULT false, -- the match made the payment
  decision jsonb, -- who matched or ignored it, when, why
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT bank_entry_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT bank_entry_key UNIQUE (organization_id, key),
  CONSTRAINT bank_entry_statement FOREIGN KEY (organization_id, statement_id) REFERENCES bank_statement,
  CONSTRAINT bank_entry_amount CHECK (amount > 0),
  CONSTRAINT bank_entry_direction CHECK (direction IN ('credit', 'debit')),
  CONSTRAINT bank_entry_status CHECK (status IN ('matched', 'suggested', 'unmatched', 'ignored')),
  CONSTRAINT bank_entry_matched CHECK ((status = 'matched') = (payment_id IS NOT NULL OR refund_id IS NOT NULL)),
  CONSTRAINT bank_entry_one CHECK (payment_id IS NULL OR refund_id IS NULL),
  CONSTRAINT bank_entry_certain CHECK (NOT certain OR status = 'suggested')
);
CREATE INDEX bank_entry_by_statement ON bank_entry (organization_id, statement_id, id);
CREATE INDEX bank_entry_by_status ON bank_entry (organization_id, status, id);
CREATE INDEX bank_entry_certain ON bank_entry (organization_id, booked_on, id) WHERE certain;
-- Money is booked once: one entry a payment or refund.
CREATE UNIQUE INDEX bank_entry_payment ON bank_entry (organization_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE UNIQUE INDEX bank_entry_refund ON bank_entry (organization_id, refund_id) WHERE refund_id IS NOT NULL;

-- Accounts that customers have paid from, as matches have shown.
CREATE TABLE bank_counterparty (
  organization_id uuid NOT NULL,
  account text NOT NULL,
  customer_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT bank_counterparty_pkey PRIMARY KEY (organization_id, account, customer_id),
  CONSTRAINT bank_counterparty_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customer
);

-- Up to which amount money that is short is taken for a bank's fee. Without a row no difference is.
CREATE TABLE bank_matching_tolerance (
  organization_id uuid NOT NULL,
  currency text NOT NULL,
  amount numeric(18, 4) NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT bank_matching_tolerance_pkey PRIMARY KEY (organization_id, currency),
  CONSTRAINT bank_matching_tolerance_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT bank_matching_tolerance_amount CHECK (amount >= 0)
);

-- Letters and digits, upper case, as numbers are looked for in what payers write.
CREATE FUNCTION plain_text(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT regexp_replace(upper(value COLLATE "C"), '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+' COLLATE "C", '', 'g')
$$;
CREATE INDEX invoice_by_plain_number ON invoice (organization_id, plain_text(number));
CREATE INDEX refund_by_plain_number ON refund (organization_id, plain_text(number));
CREATE INDEX customer_by_plain_name ON customer (organization_id, plain_text(name)) WHERE NOT guest;
CREATE INDEX payment_by_transfer ON payment (organization_id, received_on) WHERE method = 'bank_transfer';
