ALTER TABLE channel_order_fact DROP COLUMN amount, DROP COLUMN left_here;
