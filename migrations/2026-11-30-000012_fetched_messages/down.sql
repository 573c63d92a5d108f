ALTER TABLE inbound_message DROP CONSTRAINT inbound_message_proof;
DELETE FROM inbound_message WHERE proof = 'fetched';
ALTER TABLE inbound_message ADD CONSTRAINT inbound_message_proof CHECK (proof IN ('signature', 'address', 'token', 'mailbox'));
