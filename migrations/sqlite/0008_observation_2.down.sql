DROP INDEX document_observation_response;
DROP INDEX document_observation_station_time;
ALTER TABLE document_observation DROP COLUMN "source.response";
