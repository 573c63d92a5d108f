DROP TABLE event;
DROP SEQUENCE event_id;
DROP FUNCTION capture_refused(text);
DROP TABLE number_block;
DROP TABLE claim;
