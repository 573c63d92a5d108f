UPDATE sales_order SET detail = detail - 'shipping_waived' WHERE detail ? 'shipping_waived';
