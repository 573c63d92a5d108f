DROP INDEX payment_expiring;
UPDATE payment SET status = 'voided' WHERE status = 'expired';
ALTER TABLE payment
  DROP COLUMN expires_at,
  DROP CONSTRAINT payment_status,
  ADD CONSTRAINT payment_status CHECK (status IN ('pending', 'authorized', 'captured', 'voided', 'failed', 'reversed', 'partially_refunded', 'refunded'));
