-- References: an import's row that was taken in has its order, in the same organization, and no other row has made it.
SELECT r.organization_id, r.import_id, r.row_number, r.order_id
FROM import_row r
WHERE r.status IN ('imported', 'unchanged')
  AND NOT EXISTS (SELECT 1 FROM sales_order o WHERE o.organization_id = r.organization_id AND o.id = r.order_id)
UNION ALL
SELECT r.organization_id, r.import_id, min(r.row_number), r.order_id
FROM import_row r
WHERE r.status = 'imported'
GROUP BY r.organization_id, r.import_id, r.order_id
HAVING count(*) > 1
