DROP TABLE webhook_attempt;
DROP TABLE webhook_delivery;
DROP TABLE webhook_cursor;
DROP TABLE webhook_endpoint;
