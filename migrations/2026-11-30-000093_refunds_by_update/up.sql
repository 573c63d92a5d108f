-- Whoever keeps a copy of refunds reads them in the order of their changes.
CREATE INDEX refund_by_updated ON refund (organization_id, updated_at, id);
