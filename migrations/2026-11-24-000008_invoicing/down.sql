DROP TABLE credit_note_line;
DROP TABLE credit_note;
DROP TABLE invoice_line;
DROP TABLE invoice;
DROP TABLE invoice_series;
