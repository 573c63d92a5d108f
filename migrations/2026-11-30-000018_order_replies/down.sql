DROP INDEX notice_replies;
DELETE FROM notice WHERE kind = 'order_reply';
UPDATE notice_settings SET kinds = array_remove(kinds, 'order_reply');
ALTER TABLE notice
  DROP COLUMN in_reply_to,
  DROP COLUMN message_references,
  DROP CONSTRAINT notice_kind,
  ADD CONSTRAINT notice_kind CHECK (kind IN ('acknowledgement', 'delay', 'dispatch', 'invoice', 'receipt', 'refund', 'reminder'));
