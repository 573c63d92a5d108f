-- An import may do what the token that sent it might, as long as its sender is one of us.
ALTER TABLE import
  ADD COLUMN scope text, -- of the token; null for those of before: all that the role may
  ADD COLUMN failure text, -- why it was given up before its end
  DROP CONSTRAINT import_status,
  DROP CONSTRAINT import_completed,
  ADD CONSTRAINT import_status CHECK (status IN ('receiving', 'queued', 'running', 'completed', 'failed')),
  ADD CONSTRAINT import_completed CHECK ((status IN ('completed', 'failed')) = (completed_at IS NOT NULL)),
  ADD CONSTRAINT import_failed CHECK ((status = 'failed') = (failure IS NOT NULL)),
  ADD CONSTRAINT import_failure CHECK (failure IN ('sender_disabled', 'not_permitted'));
DROP INDEX import_unfinished;
CREATE INDEX import_unfinished ON import (created_at) WHERE status NOT IN ('completed', 'failed');
