ALTER TABLE payment_provider DROP COLUMN key_refused_at;
DROP INDEX bank_entry_from_account;
ALTER TABLE refund DROP CONSTRAINT refund_number, DROP CONSTRAINT refund_booked_on, DROP CONSTRAINT refund_kind, DROP COLUMN booked_on, DROP COLUMN kind;
DROP INDEX refund_pending;
DROP INDEX payment_open_at_provider;
DROP INDEX payment_authorized_of_order;
CREATE INDEX payment_capture_on_shipment ON payment (organization_id, order_id) WHERE status = 'authorized' AND capture_on_shipment;
ALTER TABLE payment DROP COLUMN ending_seen;
