-- Version 2 of the documents of observation: schema is 2, source is { name, response } and no longer a text, and reported (an
-- instant) and report ("routine" or "special") are there where the source has them. documents/0009 brings those that are
-- there up to it.
-- A special report has the _id  station || '/' || instant || '/special', so no flight's hour ever refers to one.

-- Copied from the body: source_response.response_id of what it was read from.
ALTER TABLE document_observation ADD COLUMN "source.response" INTEGER;

-- The last report at a station at or before an instant.
CREATE INDEX document_observation_station_time ON document_observation ("station", "time");
CREATE INDEX document_observation_response ON document_observation ("source.response");
