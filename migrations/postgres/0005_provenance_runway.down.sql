DROP TABLE runway;
ALTER TABLE flight DROP COLUMN response_id;
ALTER TABLE plane DROP COLUMN response_id;
ALTER TABLE airport DROP COLUMN response_id;
ALTER TABLE airline DROP COLUMN response_id;
