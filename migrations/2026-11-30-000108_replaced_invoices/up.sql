-- An invoice that said something wrong is taken back whole and issued anew for the same supply: the invoice names its successor, and so
-- does the credit note that took it back. Between the two nothing of the order's quantities and money changes.
ALTER TABLE invoice ADD COLUMN replaced_by_invoice_id uuid;
ALTER TABLE invoice ADD CONSTRAINT invoice_replaced_by_fkey FOREIGN KEY (organization_id, replaced_by_invoice_id) REFERENCES invoice (organization_id, id);
ALTER TABLE credit_note ADD COLUMN replaced_by_invoice_id uuid;
ALTER TABLE credit_note ADD CONSTRAINT credit_note_replaced_by_fkey FOREIGN KEY (organization_id, replaced_by_invoice_id) REFERENCES invoice (organization_id, id);
