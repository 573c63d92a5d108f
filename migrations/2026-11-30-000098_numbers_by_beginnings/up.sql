-- The same indexes, in the order of bytes: they find a number by how it begins, too, whatever the database's collation. Capture pays
-- what it paid.
ALTER TABLE sales_order DROP CONSTRAINT sales_order_number;
CREATE UNIQUE INDEX sales_order_number ON sales_order (organization_id, number text_pattern_ops);
DROP INDEX sales_order_by_purchase_order;
CREATE INDEX sales_order_by_purchase_order ON sales_order (organization_id, purchase_order_number text_pattern_ops, customer_id)
  WHERE purchase_order_number IS NOT NULL;
