-- Question: For which carriers does a flight's aircraft leave New York before it could be planned to have arrived
--   from its flight before?
-- Answer: For ExpressJet, 576 of 53,865 times, and Envoy (MQ), 252 of 26,158; never for six carriers.
-- Index: sqlite flight(tail); postgres none: SQLite reads the flights aircraft by aircraft; PostgreSQL sorts them.

-- Such a tail was changed at short notice, or is wrong.
WITH leg AS (
    SELECT tail, carrier, scheduled_departure,
           lag(scheduled_arrival) OVER (PARTITION BY tail ORDER BY scheduled_departure, flight_id) AS arrival_before
    FROM flight
    WHERE tail IS NOT NULL
)
SELECT carrier, count(*) AS legs, count(*) FILTER (WHERE scheduled_departure < arrival_before) AS overlapping
FROM leg
WHERE arrival_before IS NOT NULL
GROUP BY carrier
ORDER BY overlapping DESC, carrier;
