-- What an allocation settles without money. A row that takes something back has both negative.
ALTER TABLE payment_allocation
  ADD COLUMN adjusted numeric(18, 4) NOT NULL DEFAULT 0, -- = sum of the amounts in adjustments
  ADD CONSTRAINT payment_allocation_adjusted CHECK ((adjusted = 0) = (adjustments = '[]')),
  ADD CONSTRAINT payment_allocation_signs CHECK (amount * adjusted >= 0);
