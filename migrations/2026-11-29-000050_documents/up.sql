-- What documents say and their files: written once, never changed.

-- Logos by what they are, so that thousands of documents share one.
CREATE TABLE document_logo (
  organization_id uuid NOT NULL,
  sha256 text NOT NULL,
  data text NOT NULL, -- a data: URI
  created_at timestamptz NOT NULL,
  CONSTRAINT document_logo_pkey PRIMARY KEY (organization_id, sha256),
  CONSTRAINT document_logo_organization FOREIGN KEY (organization_id) REFERENCES organization
);

-- What a document says, without language, paper or design: taken at the first request for it.
CREATE TABLE document_content (
  organization_id uuid NOT NULL,
  kind text NOT NULL,
  subject_id uuid NOT NULL, -- of the invoice, credit note or payment
  content text NOT NULL, -- JSON, served to templates as it is
  created_at timestamptz NOT NULL,
  CONSTRAINT document_content_pkey PRIMARY KEY (organization_id, kind, subject_id),
  CONSTRAINT document_content_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT document_content_kind CHECK (kind IN ('invoice', 'credit_note', 'receipt'))
);

CREATE TABLE document_file (
  organization_id uuid NOT NULL,
  kind text NOT NULL,
  subject_id uuid NOT NULL,
  variant text NOT NULL, -- pdf-en-a4, ubl-peppol …
  sha256 text NOT NULL,
  bytes bytea NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT document_file_pkey PRIMARY KEY (organization_id, kind, subject_id, variant),
  CONSTRAINT document_file_content FOREIGN KEY (organization_id, kind, subject_id) REFERENCES document_content
);
-- PDF and XML are compressed by their own kind or not at all well; a second try costs time.
ALTER TABLE document_file ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE FUNCTION document_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an issued document is never changed' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER document_content_is_final BEFORE UPDATE ON document_content FOR EACH ROW EXECUTE FUNCTION document_is_final();
CREATE TRIGGER document_file_is_final BEFORE UPDATE ON document_file FOR EACH ROW EXECUTE FUNCTION document_is_final();
