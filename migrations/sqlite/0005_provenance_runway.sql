-- Which response a row was read from, and the runways of airports.

-- The response that the row was last read from; null for rows that came with the program and not by a collection.
ALTER TABLE airline ADD COLUMN response_id INTEGER REFERENCES source_response (response_id);
-- The response that the row was last read from; null for rows that came with the program and not by a collection.
ALTER TABLE airport ADD COLUMN response_id INTEGER REFERENCES source_response (response_id);
-- The response that the row was last read from; null for rows that came with the program and not by a collection.
ALTER TABLE plane ADD COLUMN response_id INTEGER REFERENCES source_response (response_id);
-- The response that the row was last read from; null for rows that came with the program and not by a collection.
ALTER TABLE flight ADD COLUMN response_id INTEGER REFERENCES source_response (response_id);

-- A strip that aircraft land on and leave from, by both of its directions.
CREATE TABLE runway (
    -- The airport it is at.
    airport     TEXT NOT NULL REFERENCES airport (faa),
    -- Both directions in tens of degrees with left, centre or right, such as 04L/22R.
    name        TEXT NOT NULL CHECK (length(name) BETWEEN 2 AND 7),
    -- Feet from end to end.
    length_ft   INTEGER NOT NULL CHECK (length_ft > 0),
    -- Feet across; null where the source has none.
    width_ft    INTEGER CHECK (width_ft > 0),
    -- What it is made of, as the source writes it, such as Asphalt; null where the source has none.
    surface     TEXT CHECK (surface <> ''),
    -- The response that the row was last read from.
    response_id INTEGER REFERENCES source_response (response_id),
    PRIMARY KEY (airport, name)
) STRICT;
