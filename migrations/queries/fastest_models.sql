-- Question: Which models fly fastest over 1,000 miles and more?
-- Answer: Boeing 767-223: 452 mi/h over 4,208 flights; the tenth is the 757-224 with 442.
-- Index: sqlite plane(tail); postgres none: SQLite looks each aircraft up; PostgreSQL hashes 3,322 of them.
-- Units: speed mi/h
SELECT plane.manufacturer, plane.model, count(*) AS flights,
       60 * sum(flight.distance) / sum(flight.air_time) AS speed
FROM flight
JOIN plane ON plane.tail = flight.tail
WHERE flight.air_time IS NOT NULL AND flight.distance >= 1000
GROUP BY plane.manufacturer, plane.model
HAVING count(*) >= 1000
ORDER BY speed DESC, plane.manufacturer, plane.model
LIMIT 10;
