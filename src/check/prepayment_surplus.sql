-- Prepayments stand for no more than their orders can come to: what is left to deduct of them is within what is still to be invoiced.
-- That is nothing where every unit is invoiced, cancelled or came back before; while none is cancelled or came back, the order's total
-- without what its invoices say of goods; else the open part of each line. There amounts are rounded apart, so that a unit of the
-- currency for each line is let pass; lines that were edited after they were invoiced are no proportion of their amounts.
WITH open AS (
  SELECT organization_id, order_id, sum(net + tax) AS amount
  FROM (
    SELECT l.organization_id, l.order_id, l.net_amount - coalesce(c.net, 0) AS net, l.tax_amount - coalesce(c.tax, 0) AS tax
    FROM invoice_line l
    LEFT JOIN (
      SELECT n.organization_id, n.invoice_id, k.invoice_line_number, sum(k.net_amount) AS net, sum(k.tax_amount) AS tax
      FROM credit_note n
      JOIN credit_note_line k ON k.organization_id = n.organization_id AND k.credit_note_id = n.id
      WHERE k.order_line_id IS NULL
      GROUP BY 1, 2, 3
    ) c ON c.organization_id = l.organization_id AND c.invoice_id = l.invoice_id AND c.invoice_line_number = l.line_number
    WHERE l.prepayment_invoice_id IS NOT NULL
  ) part
  GROUP BY 1, 2
  HAVING sum(net + tax) <> 0
), goods AS (
  SELECT organization_id, order_id, sum(total) AS amount FROM (
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
  ) d JOIN open USING (organization_id, order_id)
  GROUP BY 1, 2
), line AS (
  SELECT l.organization_id, l.order_id, count(*) AS lines,
    bool_and(invoiced >= quantity - cancelled - waived) AS settled,
    bool_and(cancelled = 0 AND waived = 0) AS untouched,
    bool_or(l.detail -> 'invoiced' IS NOT NULL) AS edited,
    sum(CASE WHEN quantity = 0 THEN 0 ELSE (net_amount - order_discount_amount + tax_amount)
      * greatest(0, quantity - cancelled - waived - invoiced) / quantity END) AS to_invoice,
    sum(net_amount - order_discount_amount + tax_amount) AS whole
  FROM order_line l
  JOIN open USING (organization_id, order_id)
  CROSS JOIN LATERAL (SELECT coalesce((l.detail ->> 'waived')::numeric, 0) AS waived,
    coalesce((l.detail ->> 'order_discount_amount')::numeric, 0) AS order_discount_amount) d
  GROUP BY 1, 2
)
SELECT o.organization_id, o.id AS order_id, o.number, o.total, open.amount AS open_prepayments, goods.amount AS goods_invoiced, line.settled,
  line.untouched, line.to_invoice
FROM open
JOIN sales_order o ON o.organization_id = open.organization_id AND o.id = open.order_id
JOIN goods ON goods.organization_id = o.organization_id AND goods.order_id = o.id
JOIN line ON line.organization_id = o.organization_id AND line.order_id = o.id
WHERE (line.settled AND open.amount > 0)
  OR (line.untouched AND open.amount > o.total - goods.amount)
  OR (NOT line.edited AND open.amount > line.to_invoice + line.lines + 2 + CASE WHEN goods.amount = 0 THEN o.total - line.whole ELSE 0 END)
