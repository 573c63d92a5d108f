-- Imports of every kind of row, from CSV too, and dry runs.
ALTER TABLE import DROP CONSTRAINT import_kind;
ALTER TABLE import DROP CONSTRAINT import_mode;
ALTER TABLE import
  ADD COLUMN format text NOT NULL DEFAULT 'ndjson',
  ADD COLUMN dry_run boolean NOT NULL DEFAULT false,
  ADD COLUMN columns text, -- JSON, of a CSV file: the name of the file's column by the path of its field
  ADD CONSTRAINT import_kind CHECK (kind IN ('orders', 'products', 'customers', 'prices', 'stock')),
  ADD CONSTRAINT import_mode CHECK (mode IN ('live', 'historical')),
  ADD CONSTRAINT import_format CHECK (format IN ('ndjson', 'csv'));

ALTER TABLE import_row RENAME COLUMN order_id TO subject_id;
ALTER TABLE import_row RENAME COLUMN order_number TO subject_key;
ALTER TABLE import_row
  ADD COLUMN action text, -- what the row did to its subject, or would do
  ADD COLUMN fault text, -- what was wrong with the row as it was read: 'code|detail'
  ADD CONSTRAINT import_row_action CHECK (action IN ('created', 'updated'));
