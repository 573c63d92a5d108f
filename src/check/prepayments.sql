-- Of each prepayment no more is deducted or taken back than was asked for, by tax group; and what an order counts as taken back of
-- its prepayments is what credit notes say.
SELECT p.organization_id, p.order_id, p.prepayment_invoice_id, p.tax_category, sum(p.net) AS open_net, sum(p.tax) AS open_tax, NULL AS credited
FROM (
  SELECT l.organization_id, l.order_id, l.prepayment_invoice_id, l.tax_category, l.tax_rate,
    l.net_amount - coalesce(c.net, 0) AS net, l.tax_amount - coalesce(c.tax, 0) AS tax
  FROM invoice_line l
  LEFT JOIN (
    SELECT n.organization_id, n.invoice_id, k.invoice_line_number, sum(k.net_amount) AS net, sum(k.tax_amount) AS tax
    FROM credit_note n
    JOIN credit_note_line k ON k.organization_id = n.organization_id AND k.credit_note_id = n.id
    GROUP BY 1, 2, 3
  ) c ON c.organization_id = l.organization_id AND c.invoice_id = l.invoice_id AND c.invoice_line_number = l.line_number
  WHERE l.prepayment_invoice_id IS NOT NULL
) p
GROUP BY p.organization_id, p.order_id, p.prepayment_invoice_id, p.tax_category, p.tax_rate
HAVING sum(p.net) < 0 OR sum(p.tax) < 0
UNION ALL
SELECT o.organization_id, o.id, NULL, NULL, NULL, NULL, c.total
FROM sales_order o
LEFT JOIN (
  SELECT n.organization_id, n.order_id, sum(k.net_amount + k.tax_amount) AS total
  FROM credit_note n
  JOIN credit_note_line k ON k.organization_id = n.organization_id AND k.credit_note_id = n.id
  WHERE k.order_line_id IS NULL AND n.replaced_by_invoice_id IS NULL
  GROUP BY 1, 2
) c ON c.organization_id = o.organization_id AND c.order_id = o.id
WHERE coalesce((o.detail ->> 'prepayments_credited')::numeric, 0) <> coalesce(c.total, 0)
