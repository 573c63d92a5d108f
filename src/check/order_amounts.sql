-- What an order counts as invoiced, credited and paid is the sum of its invoices, credit notes and payment allocations with their
-- adjustments; what was credited to be issued anew counts for neither of the first two.
SELECT o.organization_id, o.id AS order_id, o.number, o.amount_invoiced, i.total AS total_of_invoices, o.amount_credited,
  c.total AS total_of_credit_notes, o.amount_paid, p.amount AS amount_of_allocations
FROM sales_order o
LEFT JOIN (
  SELECT organization_id, order_id, sum(total) AS total FROM (
    SELECT organization_id, order_id, total FROM invoice
    UNION ALL
    SELECT organization_id, order_id, -total FROM credit_note WHERE replaced_by_invoice_id IS NOT NULL
  ) d GROUP BY 1, 2
) i
  ON i.organization_id = o.organization_id AND i.order_id = o.id
LEFT JOIN (SELECT organization_id, order_id, sum(total) AS total FROM credit_note WHERE replaced_by_invoice_id IS NULL GROUP BY 1, 2) c
  ON c.organization_id = o.organization_id AND c.order_id = o.id
LEFT JOIN (SELECT organization_id, order_id, sum(amount + adjusted) AS amount FROM payment_allocation GROUP BY 1, 2) p
  ON p.organization_id = o.organization_id AND p.order_id = o.id
WHERE o.amount_invoiced <> coalesce(i.total, 0) OR o.amount_credited <> coalesce(c.total, 0) OR o.amount_paid <> coalesce(p.amount, 0)
