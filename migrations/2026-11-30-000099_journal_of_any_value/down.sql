ALTER TABLE journal_line ALTER COLUMN amount TYPE numeric(18, 4), ALTER COLUMN base_amount TYPE numeric(22, 4);
