-- Question: How many seats did each carrier fly, in aircraft that the registry has?
-- Answer: United most, 10.1 million on 56,972 flights; Endeavor has 79 seats a flight, Hawaiian 377. MQ's 13 are
--   those of small aircraft that the registry has under a few of its numbers.
-- Index: sqlite flight(carrier), plane(tail); postgres none: SQLite looks each aircraft up; PostgreSQL hashes 3,322
--   of them.
SELECT flight.carrier,
       count(*) AS flights,
       CAST(sum(plane.seats) AS bigint) AS seats,
       CAST(sum(plane.seats) AS double precision) / count(*) AS seats_a_flight
FROM flight
JOIN plane ON plane.tail = flight.tail
WHERE flight.departure_delay IS NOT NULL
GROUP BY flight.carrier
ORDER BY seats DESC, flight.carrier;
