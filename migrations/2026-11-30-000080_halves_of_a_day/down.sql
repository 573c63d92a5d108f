DROP INDEX bank_entry_by_day;
ALTER TABLE bank_entry DROP COLUMN possible_duplicate_of;
ALTER TABLE bank_statement DROP COLUMN first_on, DROP COLUMN last_on;
