ALTER TABLE invoice DROP CONSTRAINT invoice_reminders, DROP COLUMN overdue_on, DROP COLUMN reminder_level, DROP COLUMN reminded_on;
