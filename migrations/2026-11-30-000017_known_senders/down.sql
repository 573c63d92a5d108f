DROP INDEX customer_by_electronic_address;
DROP INDEX customer_by_mail_address;
DROP FUNCTION customer_mail_addresses(text, jsonb);
