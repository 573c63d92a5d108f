-- What has changed since a moment is asked for by whoever keeps a copy.
CREATE INDEX bank_entry_by_updated ON bank_entry (organization_id, updated_at, id);
CREATE INDEX webhook_delivery_by_updated ON webhook_delivery (organization_id, updated_at, id);
