-- Goods are to leave from a country whose taxes are others than those of the order.
ALTER TABLE order_hold DROP CONSTRAINT order_hold_code;
ALTER TABLE order_hold ADD CONSTRAINT order_hold_code CHECK (code IN ('price_mismatch', 'product_inactive', 'unknown_product', 'unit_mismatch',
  'currency_mismatch', 'customer_blocked', 'credit_limit', 'payment_required', 'address_incomplete', 'suspected_duplicate', 'fraud_review', 'approval_required',
  'insufficient_stock', 'place_of_supply', 'manual', 'rule'));
