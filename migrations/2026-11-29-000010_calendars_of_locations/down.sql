ALTER TABLE location DROP COLUMN handling_days, DROP COLUMN cutoff_time, DROP COLUMN working_days;
