DROP INDEX import_unfinished;
-- What was given up waits again.
UPDATE import SET status = 'queued', completed_at = NULL, failure = NULL WHERE status = 'failed';
ALTER TABLE import
  DROP CONSTRAINT import_failure,
  DROP CONSTRAINT import_failed,
  DROP CONSTRAINT import_completed,
  DROP CONSTRAINT import_status,
  ADD CONSTRAINT import_status CHECK (status IN ('receiving', 'queued', 'running', 'completed')),
  ADD CONSTRAINT import_completed CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
  DROP COLUMN failure,
  DROP COLUMN scope;
CREATE INDEX import_unfinished ON import (created_at) WHERE status <> 'completed';
