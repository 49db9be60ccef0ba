-- Question: At which hour of New York's day do flights arrive 15 minutes late or more most often?
-- Answer: At 21:00: 37.4 % of 10,503 flights. The share climbs until then from 10.5 % at 5:00.
-- Index: none: it reads every flight, so an index would only cost.
-- Units: late %, mean_delay min

-- SQLite has no time zones, so the two changes of the clock in 2013 stand in the text.
SELECT CAST(extract(hour FROM scheduled_departure AT TIME ZONE 'America/New_York') AS integer) AS hour,
       count(*) AS flights,
       CAST(100 AS double precision) * count(*) FILTER (WHERE arrival_delay >= 15) / count(*) AS late,
       avg(arrival_delay) AS mean_delay
FROM flight
WHERE arrival_delay IS NOT NULL
GROUP BY 1
ORDER BY late DESC, hour;
