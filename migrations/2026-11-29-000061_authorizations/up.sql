ALTER TABLE payment
  ADD COLUMN expires_at timestamptz, -- until when an authorization can be captured
  DROP CONSTRAINT payment_status,
  ADD CONSTRAINT payment_status CHECK (status IN ('pending', 'authorized', 'captured', 'voided', 'expired', 'failed', 'reversed', 'partially_refunded', 'refunded'));
CREATE INDEX payment_expiring ON payment (expires_at) WHERE status = 'authorized' AND expires_at IS NOT NULL;
