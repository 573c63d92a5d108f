-- Goods of one movement may be worth more than one document can charge: their value is quantity times cost. Only the bound is
-- raised, so no row is written anew.
ALTER TABLE journal_line ALTER COLUMN amount TYPE numeric(38, 4), ALTER COLUMN base_amount TYPE numeric(38, 4);
