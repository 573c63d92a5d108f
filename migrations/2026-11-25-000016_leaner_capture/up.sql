-- Every index of the hot tables is paid on each capture. Events are only ever read within their organization, so one index does the work
-- of two; claims are purged by age, in which they grow, so a block range index of a few pages does.
ALTER TABLE event DROP CONSTRAINT event_pkey;
ALTER TABLE event ADD CONSTRAINT event_pkey PRIMARY KEY (organization_id, id);
DROP INDEX event_by_organization;
DROP INDEX claim_by_age;
CREATE INDEX claim_by_age ON claim USING brin (created_at) WITH (pages_per_range = 32);
