-- Question: Are flights of older aircraft late more often?
-- Answer: No: 25.7 % of the flights by aircraft of the 2000s are, more than of any other decade with a thousand
--   flights; of those of the 1980s 20.5 %.
-- Index: sqlite plane(tail); postgres none: SQLite looks each aircraft up; PostgreSQL hashes 3,322 of them.
-- Units: late %
SELECT plane.year / 10 * 10 AS built,
       count(DISTINCT plane.tail) AS planes,
       count(*) AS flights,
       CAST(100 AS double precision) * count(*) FILTER (WHERE arrival_delay >= 15) / count(*) AS late
FROM flight
JOIN plane ON plane.tail = flight.tail
WHERE flight.arrival_delay IS NOT NULL AND plane.year IS NOT NULL
GROUP BY plane.year / 10 * 10
ORDER BY built;
