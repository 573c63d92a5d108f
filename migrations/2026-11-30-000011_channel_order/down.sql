DROP TABLE channel_order_fact;
DROP TABLE channel_order;
