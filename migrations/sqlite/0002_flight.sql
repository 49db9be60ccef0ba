-- A scheduled departure and what became of it.
--
-- cancelled: departure_delay is null.        diverted or never arrived: departure_delay is there, arrival_delay is null.
-- When it really left is scheduled_departure + departure_delay, so that is not stored again.
CREATE TABLE flight (
    -- Assigned when the row is first written; it never changes afterwards.
    flight_id           INTEGER PRIMARY KEY,
    -- Who flies.
    carrier             TEXT NOT NULL REFERENCES airline (carrier),
    -- The carrier's number of the flight; the same number leaves each day.
    flight_number       INTEGER NOT NULL CHECK (flight_number > 0),
    -- The aircraft's tail number; null when none was reported. Not a foreign key on purpose: a sixth of the flights were
    -- flown by aircraft that the registry lacks, and a row for each would be an aircraft without any property. The query
    -- links.sql counts them.
    tail                TEXT CHECK (tail <> '' AND tail <> 'NA'),
    -- Where from.
    origin              TEXT NOT NULL REFERENCES airport (faa),
    -- Where to.
    dest                TEXT NOT NULL REFERENCES airport (faa),
    -- When it should leave: the origin's clock made an instant. 24:00 is the midnight that ends the day; a clock time that
    -- comes twice (autumn) is the first of the two, one that is skipped (spring) is read with the offset before the change.
    -- The check holds the form: without the shift by no days, strftime would let 30 February pass.
    scheduled_departure TIMESTAMP NOT NULL
        CHECK (scheduled_departure IS strftime('%Y-%m-%dT%H:%M:%SZ', scheduled_departure, '+0 days')),
    -- When it should arrive: the first instant after the departure at which the destination's clock shows the scheduled
    -- time, which puts overnight flights on the next day. Null when the destination's time zone is not known.
    scheduled_arrival   TIMESTAMP
        CHECK (scheduled_arrival IS NULL OR scheduled_arrival IS strftime('%Y-%m-%dT%H:%M:%SZ', scheduled_arrival, '+0 days')),
    -- Minutes late at departure, negative when early; null when cancelled. A measurement, hence REAL, though the source
    -- rounds to minutes.
    departure_delay     REAL CHECK (typeof(departure_delay) IN ('real', 'null')),
    -- Minutes late at arrival, negative when early; null when cancelled, diverted or not reported.
    arrival_delay       REAL CHECK (typeof(arrival_delay) IN ('real', 'null')),
    -- Minutes in the air; null when arrival_delay is.
    air_time            REAL CHECK (air_time > 0),
    -- Miles between the two airports.
    distance            REAL NOT NULL CHECK (distance > 0),
    -- What no two flights share.
    UNIQUE (carrier, flight_number, origin, scheduled_departure),
    CHECK (scheduled_arrival > scheduled_departure),
    CHECK (departure_delay IS NOT NULL OR arrival_delay IS NULL),
    CHECK ((air_time IS NULL) = (arrival_delay IS NULL))
);

-- A period of flights is read by when they leave.
CREATE INDEX flight_scheduled_departure ON flight (scheduled_departure);
