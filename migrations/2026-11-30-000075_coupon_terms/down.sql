ALTER TABLE coupon_redemption DROP COLUMN terms, DROP COLUMN release_code, DROP COLUMN release_detail;
