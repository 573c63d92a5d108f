DROP INDEX claim_by_age;
CREATE INDEX claim_by_age ON claim (created_at) WHERE kind IN ('k', 'o', 'u');
CREATE INDEX event_by_organization ON event (organization_id, id);
ALTER TABLE event DROP CONSTRAINT event_pkey;
ALTER TABLE event ADD CONSTRAINT event_pkey PRIMARY KEY (id);
