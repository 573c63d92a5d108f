-- Messages that a platform was asked for.
ALTER TABLE inbound_message DROP CONSTRAINT inbound_message_proof;
ALTER TABLE inbound_message ADD CONSTRAINT inbound_message_proof CHECK (proof IN ('signature', 'address', 'token', 'mailbox', 'fetched'));
