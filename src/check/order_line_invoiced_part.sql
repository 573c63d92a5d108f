-- What a line notes of its invoices when it is edited is on invoices: no more units than are invoiced, and where none came since, their
-- very amounts.
SELECT l.organization_id, l.order_id, l.line_number, l.invoiced, l.detail -> 'invoiced' AS noted, i.discount_amount, i.net_amount,
  i.order_discount_amount
FROM order_line l
LEFT JOIN (
  SELECT organization_id, order_id, order_line_number AS line_number, sum(discount_amount) AS discount_amount, sum(net_amount) AS net_amount,
    sum(order_discount_amount) AS order_discount_amount
  FROM (
    SELECT organization_id, order_id, order_line_number, discount_amount, net_amount, order_discount_amount FROM invoice_line
    UNION ALL
    SELECT l.organization_id, l.order_id, l.order_line_number, -k.discount_amount, -k.net_amount, -k.order_discount_amount
    FROM credit_note n
    JOIN credit_note_line k ON k.organization_id = n.organization_id AND k.credit_note_id = n.id
    JOIN invoice_line l ON l.organization_id = n.organization_id AND l.invoice_id = n.invoice_id AND l.line_number = k.invoice_line_number
    WHERE n.replaced_by_invoice_id IS NOT NULL
  ) d GROUP BY 1, 2, 3
) i USING (organization_id, order_id, line_number)
WHERE l.detail -> 'invoiced' IS NOT NULL
  AND ((l.detail -> 'invoiced' ->> 'quantity')::numeric NOT BETWEEN 0 AND l.invoiced
    OR ((l.detail -> 'invoiced' ->> 'quantity')::numeric = l.invoiced
      AND ((l.detail -> 'invoiced' ->> 'net_amount')::numeric <> coalesce(i.net_amount, 0)
        OR (l.detail -> 'invoiced' ->> 'discount_amount')::numeric <> coalesce(i.discount_amount, 0)
        OR (l.detail -> 'invoiced' ->> 'order_discount_amount')::numeric <> coalesce(i.order_discount_amount, 0))))
