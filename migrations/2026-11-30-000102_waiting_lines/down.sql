DROP VIEW waiting_line;
DROP INDEX order_line_unallocated;
