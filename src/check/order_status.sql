-- The statuses are what the quantities say: cancelled when all is cancelled; completed when nothing is open and what was
-- shipped is invoiced or came back before, no more and no less, and its shipping with it; and each of the others by its own quantity.
WITH line AS (
  SELECT organization_id, order_id,
    bool_and(quantity = cancelled) AND bool_or(cancelled > 0) AS all_cancelled,
    bool_and(unallocated + backordered + allocated = 0 AND invoiced >= shipped - waived AND invoiced - credited <= shipped) AS all_done,
    bool_or(shipped > 0) AS some_shipped,
    bool_and(shipped >= quantity - cancelled) AS all_shipped,
    bool_and(delivered >= quantity - cancelled) AS all_delivered,
    bool_or(invoiced > 0) AS some_invoiced,
    bool_and(invoiced >= quantity - cancelled - waived) AS all_invoiced,
    bool_or(returned > 0) AS some_returned,
    bool_and(returned >= shipped) AS all_returned,
    bool_and(quantity - cancelled - waived = 0) AND bool_or(shipped > 0) AS came_back
  FROM order_line CROSS JOIN LATERAL (SELECT coalesce((detail ->> 'waived')::numeric, 0) AS waived) d
  GROUP BY 1, 2
), derived AS (
  SELECT l.*, CASE WHEN came_back AND NOT (o.detail ? 'shipping_waived' OR o.detail ? 'shipping_invoiced')
      THEN o.shipping_net <> 0 OR coalesce((o.document::json ->> 'shipping_tax')::numeric, 0) <> 0 ELSE false END AS shipping_open, o.number, o.status, o.fulfillment_status, o.invoice_status, o.return_status,
    CASE WHEN NOT some_shipped THEN 'unfulfilled' WHEN all_delivered THEN 'delivered' WHEN all_shipped THEN 'fulfilled'
      ELSE 'partially_fulfilled' END AS fulfillment_by_lines,
    CASE WHEN NOT (some_invoiced OR o.detail ? 'shipping_invoiced') THEN 'not_invoiced' WHEN all_invoiced THEN 'invoiced' ELSE 'partially_invoiced' END AS invoice_by_lines,
    CASE WHEN NOT some_returned THEN 'none' WHEN all_returned THEN 'returned' ELSE 'partially_returned' END AS return_by_lines
  FROM line l
  JOIN sales_order o ON o.organization_id = l.organization_id AND o.id = l.order_id
)
SELECT organization_id, order_id, number, status, all_cancelled, all_done, shipping_open, fulfillment_status, fulfillment_by_lines,
  invoice_status, invoice_by_lines, return_status, return_by_lines
FROM derived
WHERE (status = 'cancelled') <> all_cancelled
  OR (status = 'completed' AND (NOT all_done OR shipping_open))
  OR (status = 'confirmed' AND all_done AND NOT shipping_open)
  OR fulfillment_status <> fulfillment_by_lines
  OR invoice_status <> invoice_by_lines
  OR return_status <> return_by_lines
