-- A verification's order and message are there, one order belongs to one of them, and what was rejected left no draft.
SELECT v.organization_id, v.id, v.status, v.order_id, o.status AS order_status
FROM order_verification v
LEFT JOIN sales_order o ON o.organization_id = v.organization_id AND o.id = v.order_id
LEFT JOIN inbound_message m ON m.organization_id = v.organization_id AND m.id = v.inbound_message_id AND m.channel_id = v.channel_id
WHERE m.id IS NULL
   OR v.order_id IS NOT NULL AND o.id IS NULL
   OR v.status = 'rejected' AND o.status = 'draft'
   OR v.status IN ('accepted', 'automatic') AND o.status = 'draft'
   OR EXISTS (SELECT FROM order_verification other WHERE other.organization_id = v.organization_id AND other.order_id = v.order_id AND other.id <> v.id)
