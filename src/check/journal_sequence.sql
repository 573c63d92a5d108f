-- The sequences of an organization's journal are 1 to the last one given, so that a reader by cursor can miss none.
SELECT c.organization_id, c.last_sequence, e.entries, e.first, e.last
FROM journal_cursor c
LEFT JOIN (
  SELECT organization_id, count(*) AS entries, min(sequence) AS first, max(sequence) AS last FROM journal_entry GROUP BY 1
) e ON e.organization_id = c.organization_id
WHERE coalesce(e.entries, 0) <> c.last_sequence OR coalesce(e.last, 0) <> c.last_sequence OR (e.entries > 0 AND e.first <> 1)
UNION ALL
SELECT e.organization_id, NULL, count(*), min(e.sequence), max(e.sequence)
FROM journal_entry e WHERE NOT EXISTS (SELECT 1 FROM journal_cursor c WHERE c.organization_id = e.organization_id) GROUP BY 1
