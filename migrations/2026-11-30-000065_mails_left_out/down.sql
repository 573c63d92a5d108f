ALTER TABLE mailbox
  DROP COLUMN stuck_uid,
  DROP COLUMN stuck_times;
