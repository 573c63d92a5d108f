-- An order's totals are those of its lines, to the minor unit; tax beyond the lines' is the shipping's.
SELECT o.organization_id, o.id AS order_id, o.number, o.currency, o.subtotal, l.net_amount AS net_of_lines, o.discount_total,
  o.shipping_net, o.tax_total, l.tax_amount AS tax_of_lines, o.total
FROM sales_order o
LEFT JOIN (
  SELECT organization_id, order_id, sum(net_amount) AS net_amount, sum(tax_amount) AS tax_amount FROM order_line GROUP BY 1, 2
) l ON l.organization_id = o.organization_id AND l.order_id = o.id
WHERE o.subtotal <> coalesce(l.net_amount, 0)
  OR o.total <> o.subtotal - o.discount_total + o.shipping_net + o.tax_total
  OR o.tax_total < coalesce(l.tax_amount, 0)
  OR (o.shipping_net = 0 AND o.tax_total <> coalesce(l.tax_amount, 0))
