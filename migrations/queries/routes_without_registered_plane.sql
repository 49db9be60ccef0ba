-- Question: Which routes were flown only by aircraft that the registry lacks?
-- Answer: One: JFK to IAH, 274 flights by 160 aircraft.
-- Index: sqlite plane(tail); postgres plane(tail): every flight's tail is looked up by it.
SELECT flight.origin, flight.dest, count(*) AS flights, count(DISTINCT flight.tail) AS tails
FROM flight
WHERE flight.tail IS NOT NULL
GROUP BY flight.origin, flight.dest
HAVING count(*) = count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM plane WHERE plane.tail = flight.tail))
ORDER BY flights DESC, flight.origin, flight.dest;
