-- What is off an order's shipping, and off its tax, because the shop has paid it back.
ALTER TABLE channel_order_fact DROP CONSTRAINT channel_order_fact_kind;
ALTER TABLE channel_order_fact ADD CONSTRAINT channel_order_fact_kind CHECK (kind IN (
  'refund_money', 'refund_goods', 'refund_rest', 'refund_shipping', 'refund_shipping_tax', 'fulfillment', 'doubt'));
