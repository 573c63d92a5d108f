DROP TABLE shop_stock;
DROP TABLE shop_task;
DROP TABLE shop_follow;
