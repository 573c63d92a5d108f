DROP FUNCTION written_since;
