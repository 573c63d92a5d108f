-- A document's content names its invoice or credit note by number and total, its payment by number, and its files are the bytes of their SHA-256.
WITH subject AS (
  SELECT organization_id, id, 'invoice' AS kind, number, total AS amount FROM invoice
  UNION ALL
  SELECT organization_id, id, 'credit_note', number, total FROM credit_note
  UNION ALL
  SELECT organization_id, id, 'receipt', number, NULL FROM payment
)
SELECT c.organization_id, c.kind, c.subject_id, s.number, c.content::jsonb ->> 'number' AS number_of_content, s.amount, NULL AS variant
FROM document_content c
LEFT JOIN subject s ON s.organization_id = c.organization_id AND s.kind = c.kind AND s.id = c.subject_id
WHERE s.number IS DISTINCT FROM c.content::jsonb ->> 'number'
  OR (c.kind <> 'receipt' AND s.amount IS DISTINCT FROM (c.content::jsonb ->> 'total')::numeric)
UNION ALL
SELECT organization_id, kind, subject_id, NULL, NULL, NULL, variant FROM document_file
WHERE sha256 <> encode(sha256(bytes), 'hex')
