-- How a location works where it does otherwise than its organization; null: as the organization does.
ALTER TABLE location
  ADD COLUMN handling_days integer,
  ADD COLUMN cutoff_time text,
  ADD COLUMN working_days text[],
  ADD CONSTRAINT location_handling_days CHECK (handling_days BETWEEN 0 AND 365),
  ADD CONSTRAINT location_cutoff_time CHECK (cutoff_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  ADD CONSTRAINT location_working_days CHECK (cardinality(working_days) > 0 AND working_days <@ ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);
