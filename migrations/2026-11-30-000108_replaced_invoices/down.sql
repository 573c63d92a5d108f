ALTER TABLE credit_note DROP COLUMN replaced_by_invoice_id;
ALTER TABLE invoice DROP COLUMN replaced_by_invoice_id;
