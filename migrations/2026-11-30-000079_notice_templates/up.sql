-- An organization's own words of a kind of notice; without a row the built-in ones hold.
CREATE TABLE notice_template (
  organization_id uuid NOT NULL,
  kind text NOT NULL,
  language text NOT NULL,
  subject text NOT NULL,
  heading text,
  body text NOT NULL, -- with named placeholders
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT notice_template_pkey PRIMARY KEY (organization_id, kind, language),
  CONSTRAINT notice_template_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT notice_template_kind CHECK (kind IN ('acknowledgement', 'delay', 'dispatch', 'invoice', 'receipt', 'refund', 'reminder', 'order_reply')),
  CONSTRAINT notice_template_language CHECK (language IN ('en', 'id'))
);
