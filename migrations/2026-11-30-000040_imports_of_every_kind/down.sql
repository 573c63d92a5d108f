ALTER TABLE import_row DROP COLUMN fault, DROP COLUMN action;
ALTER TABLE import_row RENAME COLUMN subject_key TO order_number;
ALTER TABLE import_row RENAME COLUMN subject_id TO order_id;
DELETE FROM import_row r USING import i WHERE i.organization_id = r.organization_id AND i.id = r.import_id AND (i.kind <> 'orders' OR i.mode <> 'live' OR i.dry_run);
DELETE FROM import WHERE kind <> 'orders' OR mode <> 'live' OR dry_run;
ALTER TABLE import
  DROP CONSTRAINT import_kind,
  DROP CONSTRAINT import_mode,
  DROP COLUMN columns,
  DROP COLUMN dry_run,
  DROP COLUMN format,
  ADD CONSTRAINT import_kind CHECK (kind IN ('orders')),
  ADD CONSTRAINT import_mode CHECK (mode IN ('live'));
