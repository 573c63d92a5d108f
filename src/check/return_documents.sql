-- A return's credit notes and refunds are there, of its order, and add up to what it says; so do the units on its credit notes.
SELECT r.organization_id, r.id AS return_id, r.number, 'amount_credited' AS figure, r.amount_credited AS figure_of_return, n.figure AS of_documents
FROM sales_return r
CROSS JOIN LATERAL (
  SELECT coalesce(sum(n.total), 0) AS figure, count(*) AS documents FROM credit_note n
  WHERE n.organization_id = r.organization_id AND n.id = ANY(r.credit_note_ids) AND n.order_id = r.order_id
) n
WHERE r.amount_credited <> n.figure OR n.documents <> cardinality(r.credit_note_ids)
UNION ALL
SELECT r.organization_id, r.id, r.number, 'amount_refunded', r.amount_refunded, f.figure
FROM sales_return r
CROSS JOIN LATERAL (
  SELECT coalesce(sum(f.amount), 0) AS figure, count(*) AS documents FROM refund f
  WHERE f.organization_id = r.organization_id AND f.id = ANY(r.refund_ids) AND f.order_id = r.order_id
) f
WHERE r.amount_refunded <> f.figure OR f.documents <> cardinality(r.refund_ids)
UNION ALL
SELECT r.organization_id, r.id, r.number, 'credited of line ' || l.line_number, l.credited, n.figure
FROM sales_return r
JOIN sales_return_line l ON l.organization_id = r.organization_id AND l.return_id = r.id
CROSS JOIN LATERAL (
  SELECT coalesce(sum(n.quantity), 0) AS figure FROM credit_note_line n
  WHERE n.organization_id = r.organization_id AND n.credit_note_id = ANY(r.credit_note_ids) AND n.order_line_id = l.order_line_id
    AND n.quantity > 0
) n
WHERE l.credited <> n.figure
