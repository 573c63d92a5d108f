-- The invoices of a wholly invoiced order add up to it to the minor unit, however many they are, without prepayments and
-- their deductions.
SELECT o.organization_id, o.id AS order_id, o.number, o.currency, o.total, i.total AS total_of_invoices
FROM sales_order o
JOIN (
  SELECT organization_id, order_id FROM order_line GROUP BY 1, 2 HAVING bool_and(invoiced = quantity)
) l ON l.organization_id = o.organization_id AND l.order_id = o.id
JOIN (
  SELECT i.organization_id, i.order_id, sum(i.total - i.rounding_amount - coalesce(p.total, 0)) AS total
  FROM invoice i
  LEFT JOIN (
    SELECT organization_id, invoice_id, sum(net_amount + tax_amount) AS total FROM invoice_line
    WHERE prepayment_invoice_id IS NOT NULL GROUP BY 1, 2
  ) p ON p.organization_id = i.organization_id AND p.invoice_id = i.id
  GROUP BY 1, 2
) i
  ON i.organization_id = o.organization_id AND i.order_id = o.id
WHERE o.total <> i.total
