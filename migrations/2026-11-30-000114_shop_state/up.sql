-- What the shop had the order as when it was last worked in, field by field: what has changed there since is written here, and nothing
-- else. Texts stand as digests. Orders from before have only the hash of the whole (content).
ALTER TABLE channel_order ADD COLUMN shop_state jsonb;
