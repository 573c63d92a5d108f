-- An invoice was told to be overdue and reminded of as often as its events say, never before it was due.
SELECT i.organization_id, i.id AS invoice_id, i.number, i.due_on, i.overdue_on, i.reminder_level, i.reminded_on, e.overdue, e.reminders
FROM invoice i
LEFT JOIN (
  SELECT organization_id, subject_id, count(*) FILTER (WHERE type = 'invoice.overdue') AS overdue,
    count(*) FILTER (WHERE type = 'invoice.reminder_due') AS reminders
  FROM event WHERE type IN ('invoice.overdue', 'invoice.reminder_due') GROUP BY 1, 2
) e ON e.organization_id = i.organization_id AND e.subject_id = i.id
WHERE coalesce(e.overdue, 0) <> (i.overdue_on IS NOT NULL)::int OR coalesce(e.reminders, 0) <> i.reminder_level
  OR i.overdue_on <= i.due_on OR i.reminded_on <= i.due_on
