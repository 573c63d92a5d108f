-- How much of a refund is booked, since its transactions may succeed one after the other; and what of a shop's fulfillment had left
-- here before the shop told it.
ALTER TABLE channel_order_fact
  ADD COLUMN amount numeric(18, 4), -- in the order's currency; null: all of it
  ADD COLUMN left_here jsonb; -- {tracking_number, lines: {order_line_id: quantity}}
