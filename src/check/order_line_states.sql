-- Every unit of a line is in exactly one state, and what follows a state stays within it. A draft promises nothing.
SELECT l.organization_id, l.order_id, o.number, o.status, l.line_number, l.quantity, l.unallocated, l.backordered, l.allocated,
  l.shipped, l.cancelled, l.delivered, l.returned, l.invoiced, l.credited
FROM order_line l
JOIN sales_order o ON o.organization_id = l.organization_id AND o.id = l.order_id
WHERE l.quantity <> l.unallocated + l.backordered + l.allocated + l.shipped + l.cancelled
  OR least(l.unallocated, l.backordered, l.allocated, l.shipped, l.cancelled) < 0
  OR NOT (l.delivered BETWEEN 0 AND l.shipped AND l.returned BETWEEN 0 AND l.shipped)
  OR NOT (l.credited BETWEEN 0 AND l.invoiced AND l.invoiced <= l.quantity)
  OR (o.status = 'draft' AND l.unallocated + l.cancelled <> l.quantity)
