-- Every row belongs to an organization that exists. (Tables that hang on one of these by a key of their own follow from it.)
SELECT t.kind, t.organization_id, t.rows
FROM (
  SELECT 'claim' AS kind, organization_id, count(*) AS rows FROM claim GROUP BY 2
  UNION ALL SELECT 'number_block', organization_id, count(*) FROM number_block GROUP BY 2
  UNION ALL SELECT 'stock_level', organization_id, count(*) FROM stock_level GROUP BY 2
  UNION ALL SELECT 'stock_movement', organization_id, count(*) FROM stock_movement GROUP BY 2
  UNION ALL SELECT 'reservation', organization_id, count(*) FROM reservation GROUP BY 2
  UNION ALL SELECT 'incoming_supply', organization_id, count(*) FROM incoming_supply GROUP BY 2
  UNION ALL SELECT 'peg', organization_id, count(*) FROM peg GROUP BY 2
  UNION ALL SELECT 'promise_review', organization_id, count(*) FROM promise_review GROUP BY 2
  UNION ALL SELECT 'sales_order', organization_id, count(*) FROM sales_order GROUP BY 2
  UNION ALL SELECT 'fulfillment_order', organization_id, count(*) FROM fulfillment_order GROUP BY 2
  UNION ALL SELECT 'allocation', organization_id, count(*) FROM allocation GROUP BY 2
  UNION ALL SELECT 'shipment', organization_id, count(*) FROM shipment GROUP BY 2
  UNION ALL SELECT 'invoice', organization_id, count(*) FROM invoice GROUP BY 2
  UNION ALL SELECT 'credit_note', organization_id, count(*) FROM credit_note GROUP BY 2
  UNION ALL SELECT 'payment', organization_id, count(*) FROM payment GROUP BY 2
  UNION ALL SELECT 'import', organization_id, count(*) FROM import GROUP BY 2
  UNION ALL SELECT 'coupon_redemption', organization_id, count(*) FROM coupon_redemption GROUP BY 2
  UNION ALL SELECT 'bank_counterparty', organization_id, count(*) FROM bank_counterparty GROUP BY 2
  UNION ALL SELECT 'journal_cursor', organization_id, count(*) FROM journal_cursor GROUP BY 2
  UNION ALL SELECT 'refund', organization_id, count(*) FROM refund GROUP BY 2
) t
WHERE NOT EXISTS (SELECT 1 FROM organization o WHERE o.id = t.organization_id)
