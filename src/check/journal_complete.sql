-- Where the journal has come to the end of the feed, each invoice, credit note, capture, refund, allocation and shipment is booked, once.
WITH caught_up AS (
  SELECT c.organization_id FROM journal_cursor c
  WHERE c.event_id >= (SELECT coalesce(max(e.id), 0) FROM event e WHERE e.organization_id = c.organization_id)
)
SELECT 'invoice' AS kind, i.organization_id, i.id, i.number, i.total AS amount, NULL::numeric AS booked
FROM invoice i JOIN caught_up USING (organization_id)
WHERE NOT EXISTS (SELECT 1 FROM journal_source b WHERE b.organization_id = i.organization_id AND b.kind = 'invoice' AND b.source_id = i.id)
UNION ALL
SELECT 'credit_note', n.organization_id, n.id, n.number, n.total, NULL
FROM credit_note n JOIN caught_up USING (organization_id)
WHERE NOT EXISTS (SELECT 1 FROM journal_source b WHERE b.organization_id = n.organization_id AND b.kind = 'credit_note' AND b.source_id = n.id)
UNION ALL
SELECT 'capture', p.organization_id, p.id, p.number, p.amount_captured, b.amount
FROM payment p JOIN caught_up USING (organization_id)
LEFT JOIN (SELECT organization_id, source_id, sum(amount) AS amount FROM journal_source WHERE kind = 'capture' GROUP BY 1, 2) b
  ON b.organization_id = p.organization_id AND b.source_id = p.id
WHERE p.amount_captured <> coalesce(b.amount, 0)
UNION ALL
SELECT 'allocation', a.organization_id, a.id, NULL, a.amount, NULL
FROM payment_allocation a JOIN caught_up USING (organization_id)
WHERE NOT EXISTS (SELECT 1 FROM journal_source b WHERE b.organization_id = a.organization_id AND b.kind = 'allocation' AND b.source_id = a.id)
UNION ALL
SELECT 'refund', r.organization_id, r.id, r.number, r.amount, NULL
FROM refund r JOIN caught_up USING (organization_id)
WHERE r.status <> 'failed'
  AND NOT EXISTS (SELECT 1 FROM journal_source b WHERE b.organization_id = r.organization_id AND b.kind = 'refund' AND b.source_id = r.id)
UNION ALL
SELECT 'movement', m.organization_id, m.subject_id, m.reference, m.quantity, NULL
FROM stock_movement m JOIN caught_up USING (organization_id)
WHERE m.kind IN ('shipment', 'return') AND m.subject_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM journal_source b WHERE b.organization_id = m.organization_id AND b.kind = 'movement'
    AND b.source_id = m.subject_id AND b.part = m.id)
