-- What a customer reads; where it is not said, the country tells.
ALTER TABLE customer ADD COLUMN language text, ADD CONSTRAINT customer_language CHECK (language IN ('en', 'id'));
