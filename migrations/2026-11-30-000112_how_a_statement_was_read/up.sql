-- By which mapping a file was read: the same bytes with another one are read anew while nothing of them is decided.
ALTER TABLE bank_statement ADD COLUMN mapping text; -- NULL of files that were taken in before
