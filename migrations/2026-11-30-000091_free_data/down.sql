DROP INDEX coupon_by_external_id;
DROP INDEX product_by_external_id;
ALTER TABLE coupon DROP COLUMN external_ids;
ALTER TABLE app_user DROP COLUMN external_ids, DROP COLUMN metadata;
ALTER TABLE channel DROP COLUMN external_ids, DROP COLUMN metadata;
ALTER TABLE payment_term DROP COLUMN external_ids, DROP COLUMN metadata;
ALTER TABLE location DROP COLUMN external_ids, DROP COLUMN metadata;
