-- Question: How does a delay travel with one aircraft from flight to flight in a day?
-- Answer: After a flight that arrived in time 23.0 % leave 15 minutes late or more, after one an hour late or more
--   85.3 %, by 83.6 minutes in the mean; of the first flights of a day 19.5 %.
-- Index: sqlite flight(tail); postgres none: SQLite reads the flights aircraft by aircraft; PostgreSQL sorts them.
-- Units: late %, mean_delay min

-- A day is that of New York in winter: no flight leaves between midnight and one. Only legs that leave New York are
-- in the sample.
WITH leg AS (
    SELECT departure_delay,
           row_number() OVER day AS number,
           lag(arrival_delay) OVER day AS before
    FROM flight
    WHERE tail IS NOT NULL AND departure_delay IS NOT NULL
    WINDOW day AS (PARTITION BY tail, date(scheduled_departure, '-5 hours') ORDER BY scheduled_departure, flight_id)
)
SELECT CASE WHEN number = 1 THEN 'first from New York that day'
            WHEN before IS NULL THEN 'after one that did not arrive'
            WHEN before < 15 THEN 'after one in time'
            WHEN before < 60 THEN 'after one 15 to 59 min late'
            ELSE 'after one an hour late or more' END AS leg,
       count(*) AS flights,
       CAST(100 AS double precision) * count(*) FILTER (WHERE departure_delay >= 15) / count(*) AS late,
       avg(departure_delay) AS mean_delay
FROM leg
GROUP BY 1
ORDER BY mean_delay, leg;
