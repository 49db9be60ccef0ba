-- What flights refer to: who flies, where, and in what.

CREATE TABLE airline (
    carrier text NOT NULL PRIMARY KEY CHECK (length(carrier) = 2),
    name    text NOT NULL CHECK (name <> '')
);
COMMENT ON TABLE airline IS 'A carrier.';
COMMENT ON COLUMN airline.carrier IS 'IATA code of two characters, such as UA.';
COMMENT ON COLUMN airline.name IS 'Full name.';

CREATE TABLE airport (
    faa              text NOT NULL PRIMARY KEY CHECK (length(faa) BETWEEN 3 AND 4),
    name             text CHECK (name <> ''),
    latitude_deg     double precision CHECK (latitude_deg BETWEEN -90 AND 90),
    longitude_deg    double precision CHECK (longitude_deg BETWEEN -180 AND 180),
    altitude_ft      integer,
    utc_offset_hours integer CHECK (utc_offset_hours BETWEEN -12 AND 14),
    dst              text CHECK (dst IN ('A', 'N', 'U')),
    time_zone        text CHECK (time_zone <> ''),
    -- A listed airport has all of its details, an unlisted one none.
    CHECK ((name IS NULL) = (latitude_deg IS NULL) AND (name IS NULL) = (longitude_deg IS NULL)
       AND (name IS NULL) = (altitude_ft IS NULL) AND (name IS NULL) = (utc_offset_hours IS NULL)
       AND (name IS NULL) = (dst IS NULL))
);
COMMENT ON TABLE airport IS 'A place that flights leave from or go to. The source''s table of airports lacks four destinations (BQN, PSE, SJU, STT) that have 7,602 flights. They are rows here too, so that every flight refers to a real row and none is dropped; nothing about them is made up: they have their code, the time zone that the IANA time zone database gives for their territory, and nulls.';
COMMENT ON COLUMN airport.faa IS 'FAA code, mostly of three characters, such as JFK.';
COMMENT ON COLUMN airport.name IS 'Full name; null for a code that the source''s table of airports lacks, and so are all columns below but time_zone.';
COMMENT ON COLUMN airport.latitude_deg IS 'Degrees north.';
COMMENT ON COLUMN airport.longitude_deg IS 'Degrees east; negative in America. Two airports in the source have the wrong sign, one has both angles swapped.';
COMMENT ON COLUMN airport.altitude_ft IS 'Feet above sea level.';
COMMENT ON COLUMN airport.utc_offset_hours IS 'Hours from UTC in winter.';
COMMENT ON COLUMN airport.dst IS 'Daylight saving: A as in the United States, N none, U unknown. time_zone is what to trust.';
COMMENT ON COLUMN airport.time_zone IS 'IANA name, such as America/New_York; null where the source has none.';

CREATE TABLE plane (
    tail         text NOT NULL PRIMARY KEY CHECK (tail <> '' AND tail <> 'NA'),
    year         integer CHECK (year BETWEEN 1903 AND 2100),
    type         text NOT NULL,
    manufacturer text NOT NULL,
    model        text NOT NULL,
    engines      integer NOT NULL CHECK (engines > 0),
    seats        integer NOT NULL CHECK (seats > 0),
    speed_mph    integer CHECK (speed_mph > 0),
    engine       text NOT NULL
);
COMMENT ON TABLE plane IS 'A registered aircraft, by a registry of another day than the flights: a tail number may since have changed hands.';
COMMENT ON COLUMN plane.tail IS 'Tail number, such as N14228.';
COMMENT ON COLUMN plane.year IS 'Year of manufacture; null where the registry has none.';
COMMENT ON COLUMN plane.type IS 'Such as Fixed wing multi engine.';
COMMENT ON COLUMN plane.manufacturer IS 'As registered: one maker may have several spellings.';
COMMENT ON COLUMN plane.model IS 'As registered.';
COMMENT ON COLUMN plane.engines IS 'How many engines.';
COMMENT ON COLUMN plane.seats IS 'How many seats.';
COMMENT ON COLUMN plane.speed_mph IS 'Average cruising speed in miles per hour; null for all but 23.';
COMMENT ON COLUMN plane.engine IS 'Such as Turbo-fan.';
