-- A matched bank entry has a payment or refund of its amount and currency, and one that was booked by its match is a transfer. What an
-- entry may be once more is there.
SELECT 'payment' AS kind, e.organization_id, e.id, e.amount, e.currency, p.amount_captured AS of_document, p.currency AS currency_of_document
FROM bank_entry e
LEFT JOIN payment p ON p.organization_id = e.organization_id AND p.id = e.payment_id
WHERE e.payment_id IS NOT NULL AND (p.id IS NULL OR e.direction <> 'credit' OR p.amount_captured <> e.amount OR p.currency <> e.currency
  OR (e.booked AND p.method <> 'bank_transfer'))
UNION ALL
SELECT 'refund', e.organization_id, e.id, e.amount, e.currency, r.amount, r.currency
FROM bank_entry e
LEFT JOIN refund r ON r.organization_id = e.organization_id AND r.id = e.refund_id
WHERE e.refund_id IS NOT NULL AND (r.id IS NULL OR e.direction <> 'debit' OR r.amount <> e.amount OR r.currency <> e.currency)
UNION ALL
SELECT 'decision', e.organization_id, e.id, e.amount, e.currency, NULL, e.status
FROM bank_entry e
WHERE (e.status IN ('matched', 'ignored')) <> (e.decision IS NOT NULL) OR (e.status = 'suggested') AND e.suggestions = '[]' OR e.booked AND e.payment_id IS NULL AND e.refund_id IS NULL
UNION ALL
SELECT 'doubt', e.organization_id, e.id, e.amount, e.currency, NULL, NULL
FROM bank_entry e
WHERE e.possible_duplicate_of IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM bank_entry o WHERE o.organization_id = e.organization_id AND o.id = e.possible_duplicate_of)
UNION ALL
SELECT 'statement', s.organization_id, s.id, s.entry_count, s.status, count(e.id), NULL
FROM bank_statement s LEFT JOIN bank_entry e ON e.organization_id = s.organization_id AND e.statement_id = s.id
GROUP BY s.organization_id, s.id, s.entry_count, s.status HAVING s.entry_count <> count(e.id)
