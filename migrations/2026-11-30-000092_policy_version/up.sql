-- A policy changes when somebody changes it, not with each receipt of its stock.
ALTER TABLE stock_level ADD COLUMN policy_version bigint NOT NULL DEFAULT 1, ADD COLUMN policy_updated_at timestamptz NOT NULL DEFAULT now();
