-- Orders billed to another customer, to open that customer's balance without reading all orders.
CREATE INDEX sales_order_by_bill_to ON sales_order (organization_id, bill_to_customer_id) WHERE bill_to_customer_id <> customer_id;
CREATE INDEX customer_by_bill_to ON customer (organization_id, bill_to_customer_id) WHERE bill_to_customer_id IS NOT NULL;
