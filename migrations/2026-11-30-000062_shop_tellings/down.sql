ALTER TABLE shop_task DROP COLUMN telling;
