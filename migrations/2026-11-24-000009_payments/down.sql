DROP TABLE refund;
DROP TABLE payment_allocation;
DROP TABLE payment;
