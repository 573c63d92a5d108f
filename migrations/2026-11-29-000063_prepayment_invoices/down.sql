DROP INDEX invoice_prepayments;
DROP INDEX invoice_line_prepayment;
ALTER TABLE credit_note_line ALTER COLUMN order_line_id SET NOT NULL;
ALTER TABLE invoice_line
  DROP CONSTRAINT invoice_line_prepayment,
  DROP CONSTRAINT invoice_line_of,
  DROP COLUMN prepayment_invoice_id,
  ALTER COLUMN order_line_number SET NOT NULL,
  ALTER COLUMN order_line_id SET NOT NULL;
ALTER TABLE invoice DROP CONSTRAINT invoice_kind, DROP COLUMN kind;
