ALTER TABLE credit_note_line DROP CONSTRAINT credit_note_line_quantity;
ALTER TABLE credit_note_line ADD CONSTRAINT credit_note_line_quantity CHECK (quantity > 0);
