-- Invoiced is within shipped, unless the money comes first: by the order's payment terms, or because it is there already.
SELECT l.organization_id, l.order_id, o.number, l.line_number, l.shipped, l.invoiced
FROM order_line l
JOIN sales_order o ON o.organization_id = l.organization_id AND o.id = l.order_id
LEFT JOIN payment_term t ON t.organization_id = o.organization_id
  AND t.code = coalesce(o.document::jsonb -> 'payment_terms' ->> 'code', o.document::jsonb ->> 'payment_terms')
WHERE l.invoiced > l.shipped AND t.prepayment IS NOT TRUE AND o.amount_paid + o.amount_refunded + o.amount_authorized = 0
