-- A scheduled departure and what became of it.
--
-- cancelled: departure_delay is null.        diverted or never arrived: departure_delay is there, arrival_delay is null.
-- When it really left is scheduled_departure + departure_delay, so that is not stored again.
CREATE TABLE flight (
    flight_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    carrier             text NOT NULL REFERENCES airline (carrier),
    flight_number       integer NOT NULL CHECK (flight_number > 0),
    tail                text CHECK (tail <> '' AND tail <> 'NA'),
    origin              text NOT NULL REFERENCES airport (faa),
    dest                text NOT NULL REFERENCES airport (faa),
    scheduled_departure timestamptz NOT NULL,
    scheduled_arrival   timestamptz,
    departure_delay     double precision,
    arrival_delay       double precision,
    air_time            double precision CHECK (air_time > 0),
    distance            double precision NOT NULL CHECK (distance > 0),
    -- What no two flights share.
    UNIQUE (carrier, flight_number, origin, scheduled_departure),
    CHECK (scheduled_arrival > scheduled_departure),
    CHECK (departure_delay IS NOT NULL OR arrival_delay IS NULL),
    CHECK ((air_time IS NULL) = (arrival_delay IS NULL))
);
COMMENT ON TABLE flight IS 'A scheduled departure and what became of it.';
COMMENT ON COLUMN flight.flight_id IS 'Assigned when the row is first written; it never changes afterwards.';
COMMENT ON COLUMN flight.carrier IS 'Who flies.';
COMMENT ON COLUMN flight.flight_number IS 'The carrier''s number of the flight; the same number leaves each day.';
COMMENT ON COLUMN flight.tail IS 'The aircraft''s tail number; null when none was reported. Not a foreign key on purpose: a sixth of the flights were flown by aircraft that the registry lacks, and a row for each would be an aircraft without any property.';
COMMENT ON COLUMN flight.origin IS 'Where from.';
COMMENT ON COLUMN flight.dest IS 'Where to.';
COMMENT ON COLUMN flight.scheduled_departure IS 'When it should leave: the origin''s clock made an instant. 24:00 is the midnight that ends the day; a clock time that comes twice (autumn) is the first of the two, one that is skipped (spring) is read with the offset before the change.';
COMMENT ON COLUMN flight.scheduled_arrival IS 'When it should arrive: the first instant after the departure at which the destination''s clock shows the scheduled time, which puts overnight flights on the next day. Null when the destination''s time zone is not known.';
COMMENT ON COLUMN flight.departure_delay IS 'Minutes late at departure, negative when early; null when cancelled.';
COMMENT ON COLUMN flight.arrival_delay IS 'Minutes late at arrival, negative when early; null when cancelled, diverted or not reported.';
COMMENT ON COLUMN flight.air_time IS 'Minutes in the air; null when arrival_delay is.';
COMMENT ON COLUMN flight.distance IS 'Miles between the two airports.';

-- A period of flights is read by when they leave.
CREATE INDEX flight_scheduled_departure ON flight (scheduled_departure);
