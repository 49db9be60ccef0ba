-- Question: Which three destinations of each airport are late most often?
-- Answer: From Newark OKC 51.7 %, TYS 49.5 % and RIC 40.7 %; JFK's latest is CMH with 38.4 %, LaGuardia's CAK with
--   32.3 %.
-- Index: none: it reads every flight, so an index would only cost.
-- Units: late %
WITH route AS (
    SELECT origin, dest, count(*) AS flights,
           CAST(100 AS double precision) * count(*) FILTER (WHERE arrival_delay >= 15) / count(*) AS late
    FROM flight
    WHERE arrival_delay IS NOT NULL
    GROUP BY origin, dest
    HAVING count(*) >= 300
), ranked AS (
    SELECT origin, dest, flights, late, row_number() OVER (PARTITION BY origin ORDER BY late DESC, dest) AS place
    FROM route
)
SELECT origin, place, dest, flights, late
FROM ranked
WHERE place <= 3
ORDER BY origin, place;
