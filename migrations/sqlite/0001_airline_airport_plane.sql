-- What flights refer to: who flies, where, and in what.

-- A carrier.
CREATE TABLE airline (
    -- IATA code of two characters, such as UA.
    carrier TEXT NOT NULL PRIMARY KEY CHECK (length(carrier) = 2),
    -- Full name.
    name    TEXT NOT NULL CHECK (name <> '')
) STRICT;

-- A place that flights leave from or go to.
--
-- The source's table of airports lacks four destinations (BQN, PSE, SJU, STT) that have 7,602 flights. They are rows here too, so
-- that every flight refers to a real row and none is dropped; nothing about them is made up: they have their code, the time
-- zone that the IANA time zone database gives for their territory, and nulls.
CREATE TABLE airport (
    -- FAA code, mostly of three characters, such as JFK.
    faa              TEXT NOT NULL PRIMARY KEY CHECK (length(faa) BETWEEN 3 AND 4),
    -- Full name; null for a code that the source's table of airports lacks, and so are all columns below but time_zone.
    name             TEXT CHECK (name <> ''),
    -- Degrees north.
    latitude_deg     REAL CHECK (latitude_deg BETWEEN -90 AND 90),
    -- Degrees east; negative in America. Two airports in the source have the wrong sign, one has both angles swapped.
    longitude_deg    REAL CHECK (longitude_deg BETWEEN -180 AND 180),
    -- Feet above sea level.
    altitude_ft      INTEGER,
    -- Hours from UTC in winter.
    utc_offset_hours INTEGER CHECK (utc_offset_hours BETWEEN -12 AND 14),
    -- Daylight saving: A as in the United States, N none, U unknown. time_zone is what to trust.
    dst              TEXT CHECK (dst IN ('A', 'N', 'U')),
    -- IANA name, such as America/New_York; null where the source has none.
    time_zone        TEXT CHECK (time_zone <> ''),
    -- A listed airport has all of its details, an unlisted one none.
    CHECK ((name IS NULL) = (latitude_deg IS NULL) AND (name IS NULL) = (longitude_deg IS NULL)
       AND (name IS NULL) = (altitude_ft IS NULL) AND (name IS NULL) = (utc_offset_hours IS NULL)
       AND (name IS NULL) = (dst IS NULL))
) STRICT;

-- A registered aircraft, by a registry of another day than the flights: a tail number may since have changed hands.
CREATE TABLE plane (
    -- Tail number, such as N14228.
    tail         TEXT NOT NULL PRIMARY KEY CHECK (tail <> '' AND tail <> 'NA'),
    -- Year of manufacture; null where the registry has none.
    year         INTEGER CHECK (year BETWEEN 1903 AND 2100),
    -- Such as Fixed wing multi engine.
    type         TEXT NOT NULL,
    -- As registered: one maker may have several spellings.
    manufacturer TEXT NOT NULL,
    -- As registered.
    model        TEXT NOT NULL,
    -- How many engines.
    engines      INTEGER NOT NULL CHECK (engines > 0),
    -- How many seats.
    seats        INTEGER NOT NULL CHECK (seats > 0),
    -- Average cruising speed in miles per hour; null for all but 23.
    speed_mph    INTEGER CHECK (speed_mph > 0),
    -- Such as Turbo-fan.
    engine       TEXT NOT NULL
) STRICT;
