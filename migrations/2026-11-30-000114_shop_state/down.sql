ALTER TABLE channel_order DROP COLUMN shop_state;
