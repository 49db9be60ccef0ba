-- The table of flights again, partitioned by the month (in UTC) of the scheduled departure: a period reads its months only, and
-- a month can be detached or replaced whole. A row whose month has no partition is in flight_other; flight_month makes one.
-- A key of a partitioned table must hold what it is partitioned by, so the primary key has scheduled_departure as well;
-- flight_id alone is still unique, because only its sequence assigns it.

ALTER TABLE flight RENAME TO flight_whole;
ALTER INDEX flight_scheduled_departure RENAME TO flight_whole_scheduled_departure;

CREATE TABLE flight (
    flight_id           bigint GENERATED ALWAYS AS IDENTITY,
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
    response_id         bigint REFERENCES source_response (response_id),
    PRIMARY KEY (flight_id, scheduled_departure),
    -- What no two flights share.
    UNIQUE (carrier, flight_number, origin, scheduled_departure),
    CHECK (scheduled_arrival > scheduled_departure),
    CHECK (departure_delay IS NOT NULL OR arrival_delay IS NULL),
    CHECK ((air_time IS NULL) = (arrival_delay IS NULL))
) PARTITION BY RANGE (scheduled_departure);

COMMENT ON TABLE flight IS 'A scheduled departure and what became of it; partitioned by month.';
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
COMMENT ON COLUMN flight.response_id IS 'The response that the row was last read from; null for rows that came with the program and not by a collection.';

CREATE TABLE flight_other PARTITION OF flight DEFAULT;
COMMENT ON TABLE flight_other IS 'Flights of months that have no partition of their own.';

-- A period of flights is read by when they leave.
CREATE INDEX flight_scheduled_departure ON flight (scheduled_departure);
-- What an aircraft flew, in order: was its leg before this one late?
CREATE INDEX flight_tail ON flight (tail, scheduled_departure);
-- What was read from a response; without it every response that is deleted would scan all flights.
CREATE INDEX flight_response ON flight (response_id);

CREATE FUNCTION flight_month(of_instant timestamptz) RETURNS text LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    first timestamptz := date_trunc('month', of_instant, 'UTC');
    -- A month of UTC's calendar, whatever the session's time zone is.
    next  timestamptz := (first AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
    name  text := 'flight_' || to_char(first AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN name;
    END IF;
    -- No row may come into the month while it moves, and two callers must not make the same partition. With the lock of a table
    -- the session also learns what others have made meanwhile, which it does not with an advisory one.
    LOCK TABLE flight IN SHARE ROW EXCLUSIVE MODE;
    IF to_regclass(name) IS NOT NULL THEN
        RETURN name;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE flight INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    EXECUTE format('WITH moved AS (DELETE FROM flight_other WHERE scheduled_departure >= $1 AND scheduled_departure < $2 '
        'RETURNING *) INSERT INTO %I SELECT * FROM moved', name) USING first, next;
    EXECUTE format('ALTER TABLE flight ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first, next);
    EXECUTE format('COMMENT ON TABLE %I IS %L', name, 'Flights that should leave in ' || to_char(first AT TIME ZONE 'UTC', 'YYYY-MM') || ', in UTC.');
    RETURN name;
END
$$;
COMMENT ON FUNCTION flight_month IS 'Makes the partition of the month (in UTC) that the instant is in, with the rows that flight_other has of it, unless it is there; its name either way.';

-- The rows move over with their ids, each into the partition of its month.
SELECT flight_month(month) FROM (
    SELECT DISTINCT date_trunc('month', scheduled_departure, 'UTC') AS month FROM flight_whole
) months ORDER BY month;
INSERT INTO flight (flight_id, carrier, flight_number, tail, origin, dest, scheduled_departure, scheduled_arrival,
    departure_delay, arrival_delay, air_time, distance, response_id) OVERRIDING SYSTEM VALUE
SELECT flight_id, carrier, flight_number, tail, origin, dest, scheduled_departure, scheduled_arrival,
    departure_delay, arrival_delay, air_time, distance, response_id FROM flight_whole ORDER BY scheduled_departure;
SELECT setval(pg_get_serial_sequence('flight', 'flight_id'), nextval(pg_get_serial_sequence('flight_whole', 'flight_id')), false);
DROP TABLE flight_whole;
