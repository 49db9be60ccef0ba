-- What pages about airports and aircraft say, as documents, because each page has other rows. The shapes are those of
-- mongodb/0007_pages.json; a figure that a page lacks is left out.

-- What a page about an airport says in figures; prose is never kept.
CREATE TABLE document_airport_page (
    -- The document's _id: the FAA code of the airport.
    id                TEXT NOT NULL PRIMARY KEY,
    -- The whole document.
    body              BLOB NOT NULL,
    -- Copied from the body: source_response.response_id of the page.
    "source.response" INTEGER
) STRICT;

-- What the registry's page about one tail number says of the aircraft. Owners, names and addresses are never read.
CREATE TABLE document_aircraft_page (
    -- The document's _id: the tail number.
    id                TEXT NOT NULL PRIMARY KEY,
    -- The whole document.
    body              BLOB NOT NULL,
    -- Copied from the body: what the page's first sentence says.
    "outcome"         TEXT NOT NULL,
    -- Copied from the body: source_response.response_id of the page.
    "source.response" INTEGER
) STRICT;

CREATE INDEX document_airport_page_response ON document_airport_page ("source.response");
CREATE INDEX document_aircraft_page_outcome ON document_aircraft_page ("outcome");
CREATE INDEX document_aircraft_page_response ON document_aircraft_page ("source.response");
