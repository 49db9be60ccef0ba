-- Question: To which destinations do flights leave and not arrive most often?
-- Answer: Oklahoma City: 12 of 346, 3.5 %; San Antonio 2.8 %. Destinations with fewer than 300 flights are left
--   out.
-- Index: none: it reads every flight, so an index would only cost.
-- Units: share %
SELECT dest,
       count(*) AS flights,
       count(*) FILTER (WHERE departure_delay IS NOT NULL AND arrival_delay IS NULL) AS not_arrived,
       CAST(100 AS double precision) * count(*) FILTER (WHERE departure_delay IS NOT NULL AND arrival_delay IS NULL)
           / count(*) AS share
FROM flight
GROUP BY dest
HAVING count(*) >= 300
ORDER BY share DESC, dest
LIMIT 10;
