-- A credit note's totals are those of its lines, to the minor unit.
SELECT n.organization_id, n.id AS credit_note_id, n.number, n.currency, n.subtotal, l.net_amount AS net_of_lines, n.discount_total,
  l.order_discount_amount AS discount_of_lines, n.shipping_net, n.shipping_tax, n.tax_total, l.tax_amount AS tax_of_lines, n.total
FROM credit_note n
LEFT JOIN (
  SELECT organization_id, credit_note_id, sum(net_amount) AS net_amount, sum(order_discount_amount) AS order_discount_amount,
    sum(tax_amount) AS tax_amount
  FROM credit_note_line GROUP BY 1, 2
) l ON l.organization_id = n.organization_id AND l.credit_note_id = n.id
WHERE n.subtotal <> coalesce(l.net_amount, 0)
  OR n.discount_total <> coalesce(l.order_discount_amount, 0)
  OR n.tax_total <> coalesce(l.tax_amount, 0) + n.shipping_tax
  OR n.total <> n.subtotal - n.discount_total + n.shipping_net + n.tax_total
