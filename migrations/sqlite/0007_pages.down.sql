DROP TABLE document_aircraft_page;
DROP TABLE document_airport_page;
