DROP TABLE document_file;
DROP TABLE document_content;
DROP TABLE document_logo;
DROP FUNCTION document_is_final();
