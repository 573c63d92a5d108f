CREATE TABLE organization (
  id uuid NOT NULL,
  code text NOT NULL,
  legal_name text NOT NULL,
  country text NOT NULL,
  time_zone text NOT NULL,
  base_currency text NOT NULL,
  books_closed_through_on date,
  profile jsonb NOT NULL DEFAULT '{}', -- address, contact, tax ids, bank accounts, working days: read whole, never filtered by
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT organization_pkey PRIMARY KEY (id),
  CONSTRAINT organization_code UNIQUE (code)
);

CREATE TABLE api_client (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  secret_hash bytea NOT NULL, -- SHA-256 of 32 random bytes: high entropy needs no slow hash
  previous_secret_hash bytea,
  previous_valid_until timestamptz,
  active boolean NOT NULL DEFAULT true,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT api_client_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT api_client_id UNIQUE (id),
  CONSTRAINT api_client_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT api_client_role CHECK (role IN ('admin', 'sales', 'warehouse', 'finance', 'viewer', 'integration', 'storefront'))
);

CREATE TABLE payment_term (
  organization_id uuid NOT NULL,
  code text NOT NULL,
  name text NOT NULL,
  net_days integer NOT NULL,
  end_of_month boolean NOT NULL,
  prepayment boolean NOT NULL,
  cash_on_delivery boolean NOT NULL,
  discount_percent numeric(9, 4),
  discount_days integer,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT payment_term_pkey PRIMARY KEY (organization_id, code),
  CONSTRAINT payment_term_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT payment_term_days CHECK (net_days BETWEEN 0 AND 3650)
);

CREATE TABLE exchange_rate (
  organization_id uuid NOT NULL,
  from_currency text NOT NULL,
  to_currency text NOT NULL,
  valid_from_on date NOT NULL,
  rate numeric(24, 10) NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL,
  CONSTRAINT exchange_rate_pkey PRIMARY KEY (organization_id, from_currency, to_currency, valid_from_on),
  CONSTRAINT exchange_rate_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT exchange_rate_positive CHECK (rate > 0)
);

CREATE TABLE channel (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  code text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  active boolean NOT NULL,
  settings jsonb NOT NULL DEFAULT '{}',
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT channel_pkey PRIMARY KEY (organization_id, code),
  CONSTRAINT channel_id UNIQUE (organization_id, id),
  CONSTRAINT channel_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT channel_kind CHECK (kind IN ('direct', 'shopify', 'woocommerce', 'bigcommerce', 'hubspot', 'salesforce', 'email', 'ubl', 'generic', 'stripe'))
);
