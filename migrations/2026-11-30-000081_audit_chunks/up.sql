-- What a thousand events in a row are about, so that the audit log skips those in which nothing of what it looks for can be. Filled by a
-- job behind the feed: capture pays nothing for it.
CREATE TABLE event_chunk (
  organization_id uuid NOT NULL,
  first_id bigint NOT NULL,
  last_id bigint NOT NULL,
  first_at timestamptz NOT NULL, -- the earliest and the latest of its events, whatever their order
  last_at timestamptz NOT NULL,
  actors text[] NOT NULL,
  types text[] NOT NULL,
  subject_types text[] NOT NULL,
  CONSTRAINT event_chunk_pkey PRIMARY KEY (organization_id, last_id),
  CONSTRAINT event_chunk_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT event_chunk_order CHECK (first_id <= last_id AND first_at <= last_at)
);
-- What is no event is written seldom, and may have an index.
CREATE INDEX audit_entry_by_actor ON audit_entry (organization_id, actor, id);
CREATE INDEX audit_entry_by_time ON audit_entry (organization_id, occurred_at);
