-- The invoices of a wholly invoiced order add up to it to the minor unit, however many they are.
SELECT o.organization_id, o.id AS order_id, o.number, o.currency, o.total, i.total AS total_of_invoices
FROM sales_order o
JOIN (
  SELECT organization_id, order_id FROM order_line GROUP BY 1, 2 HAVING bool_and(invoiced = quantity)
) l ON l.organization_id = o.organization_id AND l.order_id = o.id
JOIN (SELECT organization_id, order_id, sum(total - rounding_amount) AS total FROM invoice GROUP BY 1, 2) i
  ON i.organization_id = o.organization_id AND i.order_id = o.id
WHERE o.total <> i.total
