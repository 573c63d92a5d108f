-- A coupon counts its uses in its own row: the row lock makes the last use one use, and the CHECK proves it. What it restricts is small
-- and read whole, so it lies in arrays.
CREATE TABLE coupon (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  code text COLLATE "C" NOT NULL, -- in upper case
  name text NOT NULL,
  percent numeric(9, 6),
  amount numeric(18, 4),
  currency text,
  minimum_subtotal numeric(18, 4),
  valid_from_on date,
  valid_to_on date,
  customer_ids uuid[] NOT NULL DEFAULT '{}', -- empty = everybody
  skus text[] NOT NULL DEFAULT '{}', -- empty = the whole order
  channels text[] NOT NULL DEFAULT '{}',
  first_order_only boolean NOT NULL DEFAULT false,
  usage_limit bigint,
  usage_limit_per_customer bigint,
  combinable boolean NOT NULL DEFAULT false,
  active boolean NOT NULL DEFAULT true,
  times_used bigint NOT NULL DEFAULT 0,
  metadata jsonb NOT NULL DEFAULT '{}',
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT coupon_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT coupon_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT coupon_code UNIQUE (organization_id, code),
  CONSTRAINT coupon_value CHECK (num_nonnulls(percent, amount) = 1),
  CONSTRAINT coupon_currency CHECK (currency IS NOT NULL OR (amount IS NULL AND minimum_subtotal IS NULL)),
  CONSTRAINT coupon_times_used CHECK (times_used >= 0 AND (usage_limit IS NULL OR times_used <= usage_limit))
) WITH (fillfactor = 50);

-- Which order used which coupon. A whole order that is cancelled releases its use; the row stays.
CREATE TABLE coupon_redemption (
  organization_id uuid NOT NULL,
  order_id uuid NOT NULL,
  coupon_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  code text COLLATE "C" NOT NULL,
  currency text NOT NULL,
  amount numeric(18, 4) NOT NULL, -- in the terms of the order's prices
  redeemed_at timestamptz NOT NULL,
  released_at timestamptz,
  CONSTRAINT coupon_redemption_pkey PRIMARY KEY (organization_id, order_id, coupon_id),
  CONSTRAINT coupon_redemption_coupon FOREIGN KEY (organization_id, coupon_id) REFERENCES coupon,
  CONSTRAINT coupon_redemption_amount CHECK (amount >= 0)
);
CREATE INDEX coupon_redemption_by_coupon ON coupon_redemption (organization_id, coupon_id, order_id);
CREATE INDEX coupon_redemption_by_customer ON coupon_redemption (organization_id, coupon_id, customer_id) WHERE released_at IS NULL;
