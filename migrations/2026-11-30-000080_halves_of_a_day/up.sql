-- Files of one day that may be two halves of it: a row that both have may be two transfers, and a person says.
ALTER TABLE bank_statement ADD COLUMN first_on date, ADD COLUMN last_on date; -- of its entries, those that were known included
ALTER TABLE bank_entry ADD COLUMN possible_duplicate_of uuid,
  ADD CONSTRAINT bank_entry_possible_duplicate CHECK (possible_duplicate_of IS NULL OR NOT certain);
CREATE INDEX bank_entry_by_day ON bank_entry (organization_id, account, booked_on);
