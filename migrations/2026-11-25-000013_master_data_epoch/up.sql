-- How often an organization's master data has changed, by kind. Capture keeps master data in memory; one look at this row tells
-- whether it is still what the database holds, in the same statement that reads the stock. Triggers, so that no writer can forget it:
-- not an import, not a person with psql. One row per organization is locked from a change of master data to its commit, nothing else
-- ever locks it, and capture only reads it.
CREATE TABLE master_data_epoch (
  organization_id uuid NOT NULL,
  company bigint NOT NULL DEFAULT 0, -- profile, channels, payment terms, locations, tax rates
  products bigint NOT NULL DEFAULT 0,
  prices bigint NOT NULL DEFAULT 0,
  customers bigint NOT NULL DEFAULT 0,
  CONSTRAINT master_data_epoch_pkey PRIMARY KEY (organization_id)
) WITH (fillfactor = 50);
INSERT INTO master_data_epoch (organization_id) SELECT id FROM organization;

CREATE FUNCTION master_data_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO master_data_epoch AS e (organization_id, company, products, prices, customers)
    SELECT c.organization_id, (TG_ARGV[0] = 'company')::int, (TG_ARGV[0] = 'products')::int, (TG_ARGV[0] = 'prices')::int, (TG_ARGV[0] = 'customers')::int
    FROM (SELECT DISTINCT organization_id FROM changed) c ORDER BY c.organization_id
  ON CONFLICT (organization_id) DO UPDATE SET company = e.company + EXCLUDED.company, products = e.products + EXCLUDED.products,
    prices = e.prices + EXCLUDED.prices, customers = e.customers + EXCLUDED.customers;
  RETURN NULL;
END $$;

CREATE FUNCTION organization_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO master_data_epoch AS e (organization_id, company) SELECT c.id, 1 FROM changed c ORDER BY c.id
  ON CONFLICT (organization_id) DO UPDATE SET company = e.company + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER organization_inserted AFTER INSERT ON organization REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION organization_changed();
CREATE TRIGGER organization_updated AFTER UPDATE ON organization REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION organization_changed();

CREATE TRIGGER channel_inserted AFTER INSERT ON channel REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('company');
CREATE TRIGGER channel_updated AFTER UPDATE ON channel REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('company');
CREATE TRIGGER channel_deleted AFTER DELETE ON channel REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('company');
CREATE TRIGGER payment_term_inserted AFTER INSERT ON payment_term REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('company');
CREATE TRIGGER payment_term_updated AFTER UPDATE ON payment_term REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('company');
CREATE TRIGGER payment_term_deleted AFTER DELETE ON payment_term REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('company');
CREATE TRIGGER location_inserted AFTER INSERT ON location REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('company');
CREATE TRIGGER location_updated AFTER UPDATE ON location REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('company');
CREATE TRIGGER location_deleted AFTER DELETE ON location REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('company');
CREATE TRIGGER tax_rate_inserted AFTER INSERT ON tax_rate REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('company');
CREATE TRIGGER tax_rate_updated AFTER UPDATE ON tax_rate REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('company');
CREATE TRIGGER tax_rate_deleted AFTER DELETE ON tax_rate REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('company');

-- New products and customers change nothing that can be in memory: what is absent is not remembered. New prices do.
CREATE TRIGGER product_updated AFTER UPDATE ON product REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('products');
CREATE TRIGGER product_deleted AFTER DELETE ON product REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('products');
CREATE TRIGGER price_inserted AFTER INSERT ON price REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('prices');
CREATE TRIGGER price_updated AFTER UPDATE ON price REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('prices');
CREATE TRIGGER price_deleted AFTER DELETE ON price REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('prices');
CREATE TRIGGER customer_updated AFTER UPDATE ON customer REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('customers');
CREATE TRIGGER customer_deleted AFTER DELETE ON customer REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION master_data_changed('customers');
