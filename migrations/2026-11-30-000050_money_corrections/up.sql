-- What ends soon is looked at once more, and every authorization of an order is looked at when the order changes.
ALTER TABLE payment ADD COLUMN ending_seen bigint NOT NULL DEFAULT 0; -- the order's version when it was last looked at shortly before its end
DROP INDEX payment_capture_on_shipment;
CREATE INDEX payment_authorized_of_order ON payment (organization_id, order_id) WHERE status = 'authorized' AND order_id IS NOT NULL;
-- What a provider may know more of than we do.
CREATE INDEX payment_open_at_provider ON payment (updated_at) WHERE provider_reference IS NOT NULL AND status IN ('pending', 'authorized');
CREATE INDEX refund_pending ON refund (organization_id, payment_id) WHERE status = 'pending';

-- Money that the payer's bank takes back is a refund that nobody asked for.
ALTER TABLE refund
  ADD COLUMN kind text NOT NULL DEFAULT 'refund',
  ADD COLUMN booked_on date, -- of a reversal: the day of the bank
  ADD CONSTRAINT refund_kind CHECK (kind IN ('refund', 'reversal')),
  ADD CONSTRAINT refund_booked_on CHECK ((kind = 'reversal') = (booked_on IS NOT NULL));
-- Refunds that were made at a provider's own pages in one moment had one number.
UPDATE refund r SET number = r.number || '-' || t.place FROM (
  SELECT organization_id, id, row_number() OVER (PARTITION BY organization_id, number ORDER BY created_at, id) AS place FROM refund
) t WHERE t.organization_id = r.organization_id AND t.id = r.id AND t.place > 1;
ALTER TABLE refund ADD CONSTRAINT refund_number UNIQUE (organization_id, number);

-- Money that leaves may be money that came from the same account before.
CREATE INDEX bank_entry_from_account ON bank_entry (organization_id, counterparty_account, booked_on) WHERE direction = 'credit' AND payment_id IS NOT NULL;

-- A key that is not accepted is told once.
ALTER TABLE payment_provider ADD COLUMN key_refused_at timestamptz;
