-- One table again, with the rows of all partitions under the ids that they have.
ALTER TABLE flight RENAME TO flight_parted;
ALTER INDEX flight_scheduled_departure RENAME TO flight_parted_scheduled_departure;

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
    response_id         bigint REFERENCES source_response (response_id),
    -- What no two flights share.
    UNIQUE (carrier, flight_number, origin, scheduled_departure),
    CHECK (scheduled_arrival > scheduled_departure),
    CHECK (departure_delay IS NOT NULL OR arrival_delay IS NULL),
    CHECK ((air_time IS NULL) = (arrival_delay IS NULL))
);
DO $$
DECLARE
    described record;
BEGIN
    FOR described IN
        SELECT a.attname AS name, d.description AS text FROM pg_attribute a
        JOIN pg_description d ON d.objoid = a.attrelid AND d.objsubid = a.attnum
        WHERE a.attrelid = 'flight_parted'::regclass
    LOOP
        EXECUTE format('COMMENT ON COLUMN flight.%I IS %L', described.name, described.text);
    END LOOP;
END
$$;
COMMENT ON TABLE flight IS 'A scheduled departure and what became of it.';
CREATE INDEX flight_scheduled_departure ON flight (scheduled_departure);

INSERT INTO flight (flight_id, carrier, flight_number, tail, origin, dest, scheduled_departure, scheduled_arrival,
    departure_delay, arrival_delay, air_time, distance, response_id) OVERRIDING SYSTEM VALUE
SELECT flight_id, carrier, flight_number, tail, origin, dest, scheduled_departure, scheduled_arrival,
    departure_delay, arrival_delay, air_time, distance, response_id FROM flight_parted ORDER BY scheduled_departure;
SELECT setval(pg_get_serial_sequence('flight', 'flight_id'), nextval(pg_get_serial_sequence('flight_parted', 'flight_id')), false);
DROP FUNCTION flight_month;
DROP TABLE flight_parted;
