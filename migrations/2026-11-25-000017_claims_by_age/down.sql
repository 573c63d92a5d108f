DROP INDEX claim_by_age;
CREATE INDEX claim_by_age ON claim USING brin (created_at) WITH (pages_per_range = 32);
