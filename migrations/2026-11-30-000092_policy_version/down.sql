ALTER TABLE stock_level DROP COLUMN policy_version, DROP COLUMN policy_updated_at;
