DROP FUNCTION actor_name;
DROP TABLE audit_entry;
ALTER TABLE event DROP COLUMN origin;
