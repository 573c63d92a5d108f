-- References: what an import's row has made or found is there, orders by id and number, products and customers by id, and no other row
-- has made the same order.
SELECT i.organization_id, i.id AS import_id, r.row_number, i.kind, r.subject_id
FROM import i
JOIN import_row r ON r.organization_id = i.organization_id AND r.import_id = i.id
WHERE (r.status = 'imported' AND NOT i.dry_run OR r.status = 'unchanged' AND (i.kind = 'orders' OR NOT i.dry_run))
  AND CASE i.kind
    WHEN 'orders' THEN NOT EXISTS (
      SELECT 1 FROM sales_order o WHERE o.organization_id = r.organization_id AND o.id = r.subject_id AND o.number = r.subject_key)
    WHEN 'products' THEN NOT EXISTS (SELECT 1 FROM product p WHERE p.organization_id = r.organization_id AND p.id = r.subject_id)
    WHEN 'customers' THEN NOT EXISTS (SELECT 1 FROM customer c WHERE c.organization_id = r.organization_id AND c.id = r.subject_id)
    ELSE false END
UNION ALL
SELECT r.organization_id, r.import_id, min(r.row_number), i.kind, r.subject_id
FROM import i
JOIN import_row r ON r.organization_id = i.organization_id AND r.import_id = i.id
WHERE r.status = 'imported' AND i.kind = 'orders' AND NOT i.dry_run
GROUP BY r.organization_id, r.import_id, i.kind, r.subject_id
HAVING count(*) > 1
