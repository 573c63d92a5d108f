DROP INDEX order_verification_by_message;
DROP INDEX inbound_message_kept;
ALTER TABLE inbound_message
  DROP CONSTRAINT inbound_message_emptied,
  DROP COLUMN emptied_at;
