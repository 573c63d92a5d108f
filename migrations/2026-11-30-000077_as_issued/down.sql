ALTER TABLE payment DROP COLUMN captured_at;
DROP TRIGGER organization_keeps_versions ON organization;
DROP FUNCTION keep_organization_version();
DROP TABLE organization_version;
