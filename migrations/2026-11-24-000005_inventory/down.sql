DROP TABLE reservation_line;
DROP TABLE reservation;
DROP TABLE incoming_supply;
DROP TABLE stock_movement;
DROP TABLE stock_level;
DROP TABLE location;
