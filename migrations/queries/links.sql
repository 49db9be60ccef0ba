-- Question: How many flights of each carrier refer to an aircraft that the registry lacks?
-- Answer: 50,094 flights of nine carriers dangle: 25,395 of MQ and 22,474 of AA, which report fleet numbers for
--   many of their aircraft; at most 1,007 of any other.
-- Index: sqlite flight(carrier), plane(tail); postgres none: SQLite groups in the order of the flights' key and
--   looks each tail up; PostgreSQL hashes the 3,322 aircraft.

-- flight.tail is no foreign key; all other references of the tables are, and cannot dangle.
SELECT flight.carrier,
       count(*) AS refer,
       count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM plane WHERE plane.tail = flight.tail)) AS dangle
FROM flight
WHERE flight.tail IS NOT NULL
GROUP BY flight.carrier
ORDER BY dangle DESC, flight.carrier;
