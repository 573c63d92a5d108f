-- Answers to mails: what they answer to (RFC 5322 §3.6.4).
ALTER TABLE notice
  ADD COLUMN in_reply_to text, -- the Message-ID of the mail that is answered
  ADD COLUMN message_references text[] NOT NULL DEFAULT '{}',
  DROP CONSTRAINT notice_kind,
  ADD CONSTRAINT notice_kind CHECK (kind IN ('acknowledgement', 'delay', 'dispatch', 'invoice', 'receipt', 'refund', 'reminder', 'order_reply'));
-- How many answers somebody has had lately.
CREATE INDEX notice_replies ON notice (organization_id, recipient, created_at) WHERE kind = 'order_reply';
