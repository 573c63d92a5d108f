ALTER TABLE refund DROP COLUMN updated_at, DROP COLUMN provider_reference;
DROP TABLE payment_provider_event;
DROP TABLE payment_operation;
DROP INDEX payment_capture_on_shipment;
DROP INDEX payment_provider_reference;
ALTER TABLE payment
  DROP CONSTRAINT payment_capture_on_shipment,
  DROP CONSTRAINT payment_provider,
  DROP COLUMN order_seen,
  DROP COLUMN capture_on_shipment,
  DROP COLUMN provider_reference,
  DROP COLUMN provider;
DROP TABLE payment_provider;
