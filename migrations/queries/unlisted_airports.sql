-- Question: Which destinations does the table of airports have no details of, and how many flights go there?
-- Answer: Four in the Caribbean: SJU 5,819, BQN 896, STT 522 and PSE 365 flights.
-- Index: sqlite airport(faa); postgres none: SQLite groups in the order of the airports' key; destinations are not
--   indexed, since they are read all together.
SELECT airport.faa, airport.time_zone, count(flight.flight_id) AS flights
FROM airport
LEFT JOIN flight ON flight.dest = airport.faa
WHERE airport.name IS NULL
GROUP BY airport.faa, airport.time_zone
ORDER BY flights DESC, airport.faa;
