DROP TABLE order_hold;
DROP TABLE order_line;
DROP TABLE sales_order;
