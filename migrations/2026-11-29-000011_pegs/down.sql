ALTER TABLE order_line DROP CONSTRAINT order_line_first_promised;
DROP TABLE promise_review;
DROP TABLE peg;
DROP INDEX incoming_supply_pegged;
ALTER TABLE incoming_supply DROP COLUMN pegged_quantity;
