-- Nothing to undo: the statuses were wrong.
SELECT 1;
