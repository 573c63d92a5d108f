DROP TABLE order_verification;
