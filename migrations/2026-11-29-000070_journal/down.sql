DROP TABLE journal_source;
DROP TABLE journal_line;
DROP TABLE journal_entry;
DROP TABLE journal_cursor;
DROP TABLE ledger_account;
