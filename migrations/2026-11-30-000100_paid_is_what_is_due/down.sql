SELECT 1; -- the statuses were wrong
