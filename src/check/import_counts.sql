-- Imports: the counts of an import are those of its rows, and a completed one has none that waits; one that was given up may have some.
SELECT i.organization_id, i.id, i.status, i.row_count, i.imported_count, i.unchanged_count, i.rejected_count, r.rows, r.pending
FROM import i
CROSS JOIN LATERAL (
  SELECT count(*) AS rows, count(*) FILTER (WHERE status = 'pending') AS pending,
    count(*) FILTER (WHERE status = 'imported') AS imported, count(*) FILTER (WHERE status = 'unchanged') AS unchanged,
    count(*) FILTER (WHERE status = 'rejected') AS rejected
  FROM import_row r WHERE r.organization_id = i.organization_id AND r.import_id = i.id
) r
WHERE i.status <> 'receiving'
  AND (r.rows <> i.row_count OR r.imported <> i.imported_count OR r.unchanged <> i.unchanged_count OR r.rejected <> i.rejected_count
    OR i.status <> 'failed' AND (i.status = 'completed') <> (r.pending = 0))
