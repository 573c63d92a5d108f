-- What came is kept word for word for a while only: then its body and headers are emptied, and what has become of it stays.
ALTER TABLE inbound_message
  ADD COLUMN emptied_at timestamptz,
  ADD CONSTRAINT inbound_message_emptied CHECK (emptied_at IS NULL
    OR status <> 'received' AND octet_length(body) = 0 AND edited_body IS NULL AND headers = '[]');
CREATE INDEX inbound_message_kept ON inbound_message (organization_id, processed_at) WHERE emptied_at IS NULL AND processed_at IS NOT NULL;
CREATE INDEX order_verification_by_message ON order_verification (organization_id, inbound_message_id);
