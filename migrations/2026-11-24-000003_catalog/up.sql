CREATE TABLE product (
  organization_id uuid NOT NULL,
  sku text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  description text,
  kind text NOT NULL,
  unit text NOT NULL,
  units jsonb NOT NULL DEFAULT '[]', -- [{unit, factor, gtin}]: other units, factor = base units in one
  quantity_scale smallint NOT NULL DEFAULT 0,
  tax_category text NOT NULL,
  gtin text,
  weight_grams numeric(18, 3),
  standard_cost numeric(18, 6),
  active boolean NOT NULL,
  external_ids jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT product_pkey PRIMARY KEY (organization_id, sku),
  CONSTRAINT product_id UNIQUE (organization_id, id),
  CONSTRAINT product_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT product_kind CHECK (kind IN ('stocked', 'service', 'charge')),
  CONSTRAINT product_quantity_scale CHECK (quantity_scale BETWEEN 0 AND 3)
);
CREATE INDEX product_by_updated ON product (organization_id, updated_at, id);

CREATE TABLE price (
  organization_id uuid NOT NULL,
  price_list text NOT NULL,
  sku text COLLATE "C" NOT NULL,
  currency text NOT NULL,
  min_quantity numeric(18, 3) NOT NULL DEFAULT 0,
  valid_from_on date NOT NULL DEFAULT '0001-01-01', -- 0001-01-01 stands for "always": part of the key, so never null
  valid_to_on date,
  unit_price numeric(18, 6) NOT NULL,
  price_quantity numeric(18, 3) NOT NULL DEFAULT 1,
  version bigint NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL,
  CONSTRAINT price_pkey PRIMARY KEY (organization_id, sku, price_list, currency, min_quantity, valid_from_on),
  CONSTRAINT price_product FOREIGN KEY (organization_id, sku) REFERENCES product,
  CONSTRAINT price_amount CHECK (unit_price >= 0),
  CONSTRAINT price_per CHECK (price_quantity > 0),
  CONSTRAINT price_dates CHECK (valid_to_on IS NULL OR valid_to_on >= valid_from_on)
);

CREATE TABLE tax_rate (
  organization_id uuid NOT NULL,
  country text NOT NULL,
  region text NOT NULL DEFAULT '', -- '' = the whole country
  tax_category text NOT NULL,
  valid_from_on date NOT NULL DEFAULT '0001-01-01',
  valid_to_on date,
  tax_scheme_category text NOT NULL,
  name text NOT NULL,
  rate numeric(9, 6) NOT NULL,
  base_numerator integer NOT NULL DEFAULT 1,
  base_denominator integer NOT NULL DEFAULT 1,
  version bigint NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL,
  CONSTRAINT tax_rate_pkey PRIMARY KEY (organization_id, country, region, tax_category, valid_from_on),
  CONSTRAINT tax_rate_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT tax_rate_scheme CHECK (tax_scheme_category IN ('S', 'Z', 'E', 'AE', 'K', 'G', 'O')),
  CONSTRAINT tax_rate_range CHECK (rate >= 0 AND rate < 10),
  CONSTRAINT tax_rate_base CHECK (base_numerator > 0 AND base_denominator >= base_numerator)
);
