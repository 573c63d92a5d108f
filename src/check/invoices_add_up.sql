-- The invoices of a wholly invoiced order add up to it to the minor unit, however many they are, without prepayments and
-- their deductions; what was credited to be issued anew counts once.
SELECT o.organization_id, o.id AS order_id, o.number, o.currency, o.total, i.total AS total_of_invoices
FROM sales_order o
JOIN (
  SELECT organization_id, order_id FROM order_line GROUP BY 1, 2 HAVING bool_and(invoiced = quantity)
) l ON l.organization_id = o.organization_id AND l.order_id = o.id
JOIN (
  SELECT organization_id, order_id, sum(total) AS total FROM (
    SELECT i.organization_id, i.order_id, i.total - i.rounding_amount AS total FROM invoice i
    UNION ALL
    SELECT organization_id, order_id, -net_amount - tax_amount FROM invoice_line WHERE prepayment_invoice_id IS NOT NULL
    UNION ALL
    SELECT organization_id, order_id, -total FROM credit_note WHERE replaced_by_invoice_id IS NOT NULL
    UNION ALL
    SELECT n.organization_id, n.order_id, k.net_amount + k.tax_amount
    FROM credit_note n
    JOIN credit_note_line k ON k.organization_id = n.organization_id AND k.credit_note_id = n.id
    WHERE n.replaced_by_invoice_id IS NOT NULL AND k.order_line_id IS NULL
  ) d GROUP BY 1, 2
) i
  ON i.organization_id = o.organization_id AND i.order_id = o.id
WHERE o.total <> i.total
