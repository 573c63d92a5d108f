-- What is kept back of a credit is a line of its own, with the quantity -1.
ALTER TABLE credit_note_line DROP CONSTRAINT credit_note_line_quantity;
ALTER TABLE credit_note_line ADD CONSTRAINT credit_note_line_quantity CHECK (quantity > 0 OR (quantity = -1 AND detail ->> 'kind' = 'restocking_fee'));
