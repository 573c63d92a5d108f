-- What of incoming supply is promised to order lines that wait for it. The sum stands at the supply itself, like what is reserved
-- of a stock level: whoever promises locks that row and looks at it, so that no unit is promised twice.
ALTER TABLE incoming_supply
  ADD COLUMN pegged_quantity numeric(18, 3) NOT NULL DEFAULT 0,
  ADD CONSTRAINT incoming_supply_pegged CHECK (pegged_quantity >= 0
    AND pegged_quantity <= CASE WHEN status = 'open' THEN greatest(quantity - received_quantity, 0) ELSE 0 END);

CREATE INDEX incoming_supply_pegged ON incoming_supply (organization_id, expected_on) WHERE pegged_quantity > 0;

-- Rows are written under the lock of their supply only; the order's lock is held besides by all but changes of the supply.
CREATE TABLE peg (
  organization_id uuid NOT NULL,
  order_id uuid NOT NULL,
  line_number smallint NOT NULL,
  incoming_id uuid NOT NULL,
  quantity numeric(18, 3) NOT NULL, -- base unit
  expected_on date NOT NULL, -- the supply's day when the line was promised by it
  CONSTRAINT peg_pkey PRIMARY KEY (organization_id, order_id, line_number, incoming_id),
  CONSTRAINT peg_incoming FOREIGN KEY (organization_id, incoming_id) REFERENCES incoming_supply,
  CONSTRAINT peg_quantity CHECK (quantity > 0)
);
CREATE INDEX peg_by_incoming ON peg (organization_id, incoming_id);

-- Products whose waiting lines are to be promised anew, and why. Rows are only added, and taken by the job that does it.
CREATE TABLE promise_review (
  organization_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  sku text COLLATE "C" NOT NULL,
  cause text NOT NULL,
  incoming_id uuid,
  CONSTRAINT promise_review_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT promise_review_cause CHECK (cause IN ('supply_added', 'supply_delayed', 'supply_advanced', 'supply_increased', 'supply_reduced',
    'supply_cancelled', 'supply_received', 'supply_overdue', 'stock_received', 'demand_freed', 'overtaken', 'backordered', 'hold_released'))
);

-- The first promise is what punctuality is measured by: there is one wherever there has been a promise.
ALTER TABLE order_line ADD CONSTRAINT order_line_first_promised CHECK (promised_on IS NULL OR first_promised_on IS NOT NULL);
-- Lines that wait already are promised as soon as this runs.
INSERT INTO promise_review (organization_id, sku, cause)
  SELECT DISTINCT organization_id, sku, 'backordered' FROM order_line WHERE backordered > 0;
