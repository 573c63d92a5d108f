-- What a load draws from, and the orders of one chunk. All of it is temporary.
DROP TABLE IF EXISTS pg_temp.history_customer, pg_temp.history_place, pg_temp.history_shelf, pg_temp.history_channel, pg_temp.history_moved,
  pg_temp.history_order, pg_temp.history_line, pg_temp.history_total, pg_temp.history_template;
CREATE TEMPORARY TABLE history_template (organization_id uuid, currency text, minor int, shipping_net numeric, rate numeric, taxed numeric, whole numeric,
  tax_category text, tax_group text, document text, detail jsonb, detail_unshipped jsonb, line_detail jsonb, invoice text, invoice_line_detail jsonb,
  exchange_rate numeric, first bigint, orders bigint, until timestamptz, customers bigint, places bigint, channels bigint);
CREATE TEMPORARY TABLE history_customer (no bigint PRIMARY KEY, id uuid NOT NULL, snapshot text NOT NULL);
CREATE TEMPORARY TABLE history_place (no bigint PRIMARY KEY, location text NOT NULL, skus bigint NOT NULL);
CREATE TEMPORARY TABLE history_shelf (place bigint, no bigint, location text NOT NULL, sku text NOT NULL, name text NOT NULL, unit text NOT NULL, price numeric NOT NULL,
  price_quantity numeric NOT NULL, unit_cost numeric, PRIMARY KEY (place, no));
CREATE TEMPORARY TABLE history_channel (no bigint PRIMARY KEY, code text NOT NULL);
CREATE TEMPORARY TABLE history_moved (place bigint, shelf bigint, shipped numeric NOT NULL, open numeric NOT NULL, PRIMARY KEY (place, shelf));
CREATE TEMPORARY TABLE history_order (n bigint PRIMARY KEY, id uuid NOT NULL, number text NOT NULL, stage text NOT NULL, ordered_at timestamptz NOT NULL,
  shipped_at timestamptz NOT NULL, delivered_at timestamptz NOT NULL, paid_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, customer bigint NOT NULL,
  place bigint NOT NULL, channel text NOT NULL, external_id text, sales_rep text, purchase_order_number text, fulfillment_order_id uuid NOT NULL,
  shipment_id uuid NOT NULL, invoice_id uuid NOT NULL, payment_id uuid);
CREATE TEMPORARY TABLE history_line (n bigint, line_number smallint, id uuid NOT NULL, place bigint NOT NULL, shelf bigint NOT NULL, quantity numeric NOT NULL,
  gross numeric NOT NULL, tax numeric NOT NULL, PRIMARY KEY (n, line_number));
CREATE TEMPORARY TABLE history_total (n bigint PRIMARY KEY, subtotal numeric NOT NULL, shipping_tax numeric NOT NULL, tax numeric NOT NULL,
  total numeric NOT NULL, taxes text NOT NULL, event_lines text NOT NULL, cancelled_lines jsonb NOT NULL);

-- UUIDv7 (RFC 9562) of that time; a hash of `seed` takes the place of the random bits.
CREATE OR REPLACE FUNCTION pg_temp.history_id(at timestamptz, seed text) RETURNS uuid LANGUAGE sql STABLE AS
  $$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || overlay(substr(md5(seed), 1, 19) placing 'a' FROM 4 FOR 1))::uuid $$;
-- From 0 to below 1, always the same for the same number and seed.
CREATE OR REPLACE FUNCTION pg_temp.history_chance(n bigint, seed bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
  $$ SELECT (hashint8extended(n, seed) & 1073741823) / 1073741824.0::float8 $$;
CREATE OR REPLACE FUNCTION pg_temp.history_number(prefix text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT prefix || lpad(n::text, greatest(6, length(n::text)), '0') $$;
