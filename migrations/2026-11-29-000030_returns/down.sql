DROP TABLE sales_return_line;
DROP TABLE sales_return;
