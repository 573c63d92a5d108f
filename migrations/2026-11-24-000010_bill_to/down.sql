DROP INDEX customer_by_bill_to;
DROP INDEX sales_order_by_bill_to;
