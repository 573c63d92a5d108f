ALTER TABLE bank_statement DROP COLUMN mapping;
