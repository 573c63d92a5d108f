-- Indexes of order lists. Each new order pays for the entries it gets at capture, so an index is partial where it can be.
-- On every order: by date, for windows of time (lists, reports), and by the location of its fulfillment order.
CREATE INDEX sales_order_by_ordered ON sales_order (organization_id, ordered_at, id);
CREATE INDEX fulfillment_order_by_location ON fulfillment_order (organization_id, location, order_id);
-- On orders that have one.
CREATE INDEX sales_order_by_sales_rep ON sales_order (organization_id, sales_rep, id) WHERE sales_rep IS NOT NULL;
CREATE INDEX sales_order_by_channel ON sales_order (organization_id, channel, id) WHERE channel <> 'direct';
-- Closed orders too: they enter when they close, so that capture pays what it paid before.
DROP INDEX sales_order_open;
CREATE INDEX sales_order_by_status ON sales_order (organization_id, status, id);
-- With the number before the customer the same index serves the search for it and the search for duplicates.
DROP INDEX sales_order_by_purchase_order;
CREATE INDEX sales_order_by_purchase_order ON sales_order (organization_id, purchase_order_number, customer_id) WHERE purchase_order_number IS NOT NULL;
-- On none at capture: statuses that orders only pass through, or seldom reach, and promised dates of lines that are still open.
CREATE INDEX sales_order_in_fulfillment ON sales_order (organization_id, fulfillment_status, id)
  WHERE fulfillment_status IN ('partially_fulfilled', 'fulfilled');
CREATE INDEX sales_order_in_payment ON sales_order (organization_id, payment_status, id)
  WHERE payment_status IN ('authorized', 'partially_paid', 'partially_refunded', 'refunded');
CREATE INDEX sales_order_in_invoicing ON sales_order (organization_id, invoice_status, id) WHERE invoice_status = 'partially_invoiced';
CREATE INDEX order_line_promised ON order_line (organization_id, promised_on, order_id)
  WHERE promised_on IS NOT NULL AND unallocated + backordered + allocated > 0;
