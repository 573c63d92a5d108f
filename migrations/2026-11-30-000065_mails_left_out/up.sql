-- The message of a mailbox that could not be fetched, and in how many looks in a row: in the end it is left where it is.
ALTER TABLE mailbox
  ADD COLUMN stuck_uid bigint,
  ADD COLUMN stuck_times integer NOT NULL DEFAULT 0;
