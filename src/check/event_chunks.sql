-- A chunk of events knows all actors, types and times that are in it, and between two chunks there is no event.
SELECT c.organization_id, c.first_id, c.last_id, e.id AS event_id, e.actor, e.type, e.occurred_at
FROM (
  SELECT *, coalesce(lag(last_id) OVER (PARTITION BY organization_id ORDER BY last_id), 0) AS before FROM event_chunk
) c
CROSS JOIN LATERAL (
  SELECT e.id, e.actor, e.type, e.occurred_at FROM event e
  WHERE e.organization_id = c.organization_id AND e.id > c.before AND e.id <= c.last_id
    AND (e.id < c.first_id OR NOT e.actor = ANY(c.actors) OR NOT e.type = ANY(c.types) OR NOT e.subject_type = ANY(c.subject_types)
      OR e.occurred_at NOT BETWEEN c.first_at AND c.last_at)
  LIMIT 1
) e
