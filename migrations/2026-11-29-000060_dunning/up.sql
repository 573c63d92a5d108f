-- How far the seller has gone to get the money of an overdue invoice.
ALTER TABLE invoice
  ADD COLUMN overdue_on date, -- the day on which it was told to be overdue
  ADD COLUMN reminder_level smallint NOT NULL DEFAULT 0, -- reminders that fell due so far
  ADD COLUMN reminded_on date, -- the day of the last of them
  ADD CONSTRAINT invoice_reminders CHECK (reminder_level >= 0 AND (reminder_level = 0) = (reminded_on IS NULL));
