DROP TABLE source_cursor;
DROP TABLE rejected_record;
DROP TABLE source_response;
DROP TABLE collection_host;
DROP TABLE collection_run;
