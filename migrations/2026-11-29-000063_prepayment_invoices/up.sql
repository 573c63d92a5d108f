-- An invoice of money that is asked for in advance, and its deduction from the invoices of what is supplied.
ALTER TABLE invoice
  ADD COLUMN kind text NOT NULL DEFAULT 'standard',
  ADD CONSTRAINT invoice_kind CHECK (kind IN ('standard', 'prepayment'));
ALTER TABLE invoice_line
  ALTER COLUMN order_line_id DROP NOT NULL,
  ALTER COLUMN order_line_number DROP NOT NULL,
  ADD COLUMN prepayment_invoice_id uuid, -- of a line without order line: the invoice whose prepayment it asks for or deducts
  ADD CONSTRAINT invoice_line_of CHECK ((order_line_id IS NULL) = (order_line_number IS NULL) AND (order_line_id IS NULL) = (prepayment_invoice_id IS NOT NULL)),
  ADD CONSTRAINT invoice_line_prepayment FOREIGN KEY (organization_id, prepayment_invoice_id) REFERENCES invoice;
ALTER TABLE credit_note_line ALTER COLUMN order_line_id DROP NOT NULL;
CREATE INDEX invoice_line_prepayment ON invoice_line (organization_id, prepayment_invoice_id) WHERE prepayment_invoice_id IS NOT NULL;
CREATE INDEX invoice_prepayments ON invoice (organization_id, order_id) WHERE kind = 'prepayment';
