DROP TABLE plane;
DROP TABLE airport;
DROP TABLE airline;
