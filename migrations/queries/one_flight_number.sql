-- Question: How punctual is flight UA 15?
-- Answer: It left Newark for Honolulu 365 times, 2 were cancelled; 19.8 % of the others were late, by 3.9 minutes
--   in the mean.
-- Index: flight(carrier): the key of flights begins with the carrier and the number.
-- Units: late %, mean_delay min
SELECT origin, dest, count(*) AS flights,
       count(*) FILTER (WHERE departure_delay IS NULL) AS cancelled,
       CAST(100 AS double precision) * count(*) FILTER (WHERE arrival_delay >= 15) / count(arrival_delay) AS late,
       avg(arrival_delay) AS mean_delay
FROM flight
WHERE carrier = 'UA' AND flight_number = 15
GROUP BY origin, dest
ORDER BY flights DESC, origin, dest;
