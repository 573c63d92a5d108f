DROP TABLE customer_balance;
DROP TABLE customer;
