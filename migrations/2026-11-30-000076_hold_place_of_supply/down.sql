UPDATE order_hold SET code = 'rule' WHERE code = 'place_of_supply';
ALTER TABLE order_hold DROP CONSTRAINT order_hold_code;
ALTER TABLE order_hold ADD CONSTRAINT order_hold_code CHECK (code IN ('price_mismatch', 'product_inactive', 'unknown_product', 'unit_mismatch', 'currency_mismatch', 'customer_blocked',
  'credit_limit', 'payment_required', 'address_incomplete', 'suspected_duplicate', 'fraud_review', 'approval_required', 'insufficient_stock', 'manual', 'rule'));
