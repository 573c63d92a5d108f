DELETE FROM channel_order_fact WHERE kind IN ('refund_shipping', 'refund_shipping_tax');
ALTER TABLE channel_order_fact DROP CONSTRAINT channel_order_fact_kind;
ALTER TABLE channel_order_fact ADD CONSTRAINT channel_order_fact_kind CHECK (kind IN ('refund_money', 'refund_goods', 'refund_rest', 'fulfillment', 'doubt'));
