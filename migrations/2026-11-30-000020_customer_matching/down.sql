DROP INDEX customer_by_tax_id;
