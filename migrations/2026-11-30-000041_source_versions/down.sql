ALTER TABLE price DROP COLUMN source_version;
ALTER TABLE product DROP COLUMN source_version;
