DROP TABLE channel;
DROP TABLE exchange_rate;
DROP TABLE payment_term;
DROP TABLE api_client;
DROP TABLE organization;
