DROP INDEX sales_order_number;
ALTER TABLE sales_order ADD CONSTRAINT sales_order_number UNIQUE (organization_id, number);
DROP INDEX sales_order_by_purchase_order;
CREATE INDEX sales_order_by_purchase_order ON sales_order (organization_id, purchase_order_number, customer_id) WHERE purchase_order_number IS NOT NULL;
