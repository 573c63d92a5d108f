-- What documents print of an organization, as it was at any moment: a document that is drawn for the first time next year shows the name
-- and the logo of the day of its issue. Kept by a trigger, so that no way of changing an organization forgets it.
CREATE TABLE organization_version (
  organization_id uuid NOT NULL,
  version bigint NOT NULL,
  valid_from timestamptz NOT NULL,
  legal_name text NOT NULL,
  country text NOT NULL,
  profile jsonb NOT NULL, -- without the logo
  logo_sha256 text,
  CONSTRAINT organization_version_pkey PRIMARY KEY (organization_id, version),
  CONSTRAINT organization_version_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT organization_version_logo FOREIGN KEY (organization_id, logo_sha256) REFERENCES document_logo
);

CREATE FUNCTION keep_organization_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  logo text := NEW.profile ->> 'logo';
  logo_key text := encode(sha256(convert_to(logo, 'UTF8')), 'hex');
BEGIN
  IF logo IS NOT NULL THEN
    INSERT INTO document_logo (organization_id, sha256, data, created_at) VALUES (NEW.id, logo_key, logo, NEW.updated_at) ON CONFLICT DO NOTHING;
  END IF;
  INSERT INTO organization_version (organization_id, version, valid_from, legal_name, country, profile, logo_sha256)
  VALUES (NEW.id, NEW.version, NEW.updated_at, NEW.legal_name, NEW.country, NEW.profile - 'logo', logo_key)
  ON CONFLICT ON CONSTRAINT organization_version_pkey DO UPDATE SET valid_from = excluded.valid_from, legal_name = excluded.legal_name,
    country = excluded.country, profile = excluded.profile, logo_sha256 = excluded.logo_sha256;
  RETURN NULL;
END
$$;
CREATE TRIGGER organization_keeps_versions AFTER INSERT OR UPDATE ON organization FOR EACH ROW EXECUTE FUNCTION keep_organization_version();
-- What was before is not known any more: it counts as having been so for ever.
UPDATE organization SET version = version;
UPDATE organization_version SET valid_from = '-infinity';

-- When money of a payment last came in: the moment of its receipt.
ALTER TABLE payment ADD COLUMN captured_at timestamptz;
UPDATE payment SET captured_at = created_at WHERE amount_captured > 0;
ALTER TABLE payment ADD CONSTRAINT payment_captured_at CHECK ((captured_at IS NOT NULL) = (amount_captured > 0));
