-- What a coupon gave when it was taken, so that an edited order is judged by what was agreed; and why a use was given back.
ALTER TABLE coupon_redemption ADD COLUMN terms text, ADD COLUMN release_code text, ADD COLUMN release_detail text;
UPDATE coupon_redemption SET release_code = 'order_cancelled', release_detail = 'the whole order was cancelled' WHERE released_at IS NOT NULL;
ALTER TABLE coupon_redemption ADD CONSTRAINT coupon_redemption_release CHECK
  ((released_at IS NULL) = (release_code IS NULL) AND (released_at IS NULL) = (release_detail IS NULL));
