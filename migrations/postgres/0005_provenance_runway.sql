-- Which response a row was read from, and the runways of airports.

ALTER TABLE airline ADD COLUMN response_id bigint REFERENCES source_response (response_id);
COMMENT ON COLUMN airline.response_id IS 'The response that the row was last read from; null for rows that came with the program and not by a collection.';
ALTER TABLE airport ADD COLUMN response_id bigint REFERENCES source_response (response_id);
COMMENT ON COLUMN airport.response_id IS 'The response that the row was last read from; null for rows that came with the program and not by a collection.';
ALTER TABLE plane ADD COLUMN response_id bigint REFERENCES source_response (response_id);
COMMENT ON COLUMN plane.response_id IS 'The response that the row was last read from; null for rows that came with the program and not by a collection.';
ALTER TABLE flight ADD COLUMN response_id bigint REFERENCES source_response (response_id);
COMMENT ON COLUMN flight.response_id IS 'The response that the row was last read from; null for rows that came with the program and not by a collection.';

CREATE TABLE runway (
    airport     text NOT NULL REFERENCES airport (faa),
    name        text NOT NULL CHECK (length(name) BETWEEN 2 AND 7),
    length_ft   integer NOT NULL CHECK (length_ft > 0),
    width_ft    integer CHECK (width_ft > 0),
    surface     text CHECK (surface <> ''),
    response_id bigint REFERENCES source_response (response_id),
    PRIMARY KEY (airport, name)
);
COMMENT ON TABLE runway IS 'A strip that aircraft land on and leave from, by both of its directions.';
COMMENT ON COLUMN runway.airport IS 'The airport it is at.';
COMMENT ON COLUMN runway.name IS 'Both directions in tens of degrees with left, centre or right, such as 04L/22R.';
COMMENT ON COLUMN runway.length_ft IS 'Feet from end to end.';
COMMENT ON COLUMN runway.width_ft IS 'Feet across; null where the source has none.';
COMMENT ON COLUMN runway.surface IS 'What it is made of, as the source writes it, such as Asphalt; null where the source has none.';
COMMENT ON COLUMN runway.response_id IS 'The response that the row was last read from.';
