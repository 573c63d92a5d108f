-- What other systems call a thing, and what its owner keeps with it: an ERP writes the numbers of its warehouses, terms and salespeople back.
ALTER TABLE location ADD COLUMN external_ids jsonb NOT NULL DEFAULT '{}', ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}';
ALTER TABLE payment_term ADD COLUMN external_ids jsonb NOT NULL DEFAULT '{}', ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}';
ALTER TABLE channel ADD COLUMN external_ids jsonb NOT NULL DEFAULT '{}', ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}';
ALTER TABLE app_user ADD COLUMN external_ids jsonb NOT NULL DEFAULT '{}', ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}';
ALTER TABLE coupon ADD COLUMN external_ids jsonb NOT NULL DEFAULT '{}';
-- The other kinds are few; of these there may be very many.
CREATE INDEX product_by_external_id ON product USING gin (external_ids jsonb_path_ops);
CREATE INDEX coupon_by_external_id ON coupon USING gin (external_ids jsonb_path_ops);
