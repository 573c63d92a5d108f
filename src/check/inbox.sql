-- No message vanishes: each that was stored is there, and says what has become of it. One that is worked in names its orders or the
-- reason why there are none; one that has ended has its event. What somebody has still to decide of is not emptied.
SELECT e.organization_id, e.subject_id AS message_id, 'vanished' AS what, NULL AS status
FROM event e
WHERE e.type = 'inbound_message.received'
  AND NOT EXISTS (SELECT 1 FROM inbound_message m WHERE m.organization_id = e.organization_id AND m.id = e.subject_id)
UNION ALL
SELECT m.organization_id, m.id, 'never received', m.status
FROM inbound_message m
WHERE NOT EXISTS (
  SELECT 1 FROM event e WHERE e.organization_id = m.organization_id AND e.type = 'inbound_message.received' AND e.subject_id = m.id
)
UNION ALL
SELECT m.organization_id, m.id, 'ended without its event', m.status
FROM inbound_message m
WHERE m.status <> 'received'
  AND NOT EXISTS (
    SELECT 1 FROM event e WHERE e.organization_id = m.organization_id AND e.type = 'inbound_message.' || m.status AND e.subject_id = m.id
  )
UNION ALL
SELECT m.organization_id, m.id, 'neither order nor reason', m.status
FROM inbound_message m
WHERE m.status = 'processed' AND m.order_ids = '{}' AND m.reason IS NULL
UNION ALL
SELECT m.organization_id, m.id, 'unknown order', m.status
FROM inbound_message m, unnest(m.order_ids) AS order_id
WHERE NOT EXISTS (SELECT 1 FROM sales_order o WHERE o.organization_id = m.organization_id AND o.id = order_id)
UNION ALL
SELECT m.organization_id, m.id, 'emptied before its order was decided of', m.status
FROM inbound_message m
WHERE m.emptied_at IS NOT NULL
  AND EXISTS (SELECT FROM order_verification v WHERE v.organization_id = m.organization_id AND v.inbound_message_id = m.id AND v.status = 'open')
