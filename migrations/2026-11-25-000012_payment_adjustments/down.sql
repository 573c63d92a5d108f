ALTER TABLE payment_allocation
  DROP CONSTRAINT payment_allocation_signs,
  DROP CONSTRAINT payment_allocation_adjusted,
  DROP COLUMN adjusted;
