-- An invoice's totals are those of its lines, to the minor unit.
SELECT i.organization_id, i.id AS invoice_id, i.number, i.currency, i.subtotal, l.net_amount AS net_of_lines, i.discount_total,
  l.order_discount_amount AS discount_of_lines, i.shipping_net, i.shipping_tax, i.tax_total, l.tax_amount AS tax_of_lines,
  i.rounding_amount, i.total
FROM invoice i
LEFT JOIN (
  SELECT organization_id, invoice_id, sum(net_amount) AS net_amount, sum(order_discount_amount) AS order_discount_amount,
    sum(tax_amount) AS tax_amount
  FROM invoice_line GROUP BY 1, 2
) l ON l.organization_id = i.organization_id AND l.invoice_id = i.id
WHERE i.subtotal <> coalesce(l.net_amount, 0)
  OR i.discount_total <> coalesce(l.order_discount_amount, 0)
  OR i.tax_total <> coalesce(l.tax_amount, 0) + i.shipping_tax
  OR i.total <> i.subtotal - i.discount_total + i.shipping_net + i.tax_total + i.rounding_amount
