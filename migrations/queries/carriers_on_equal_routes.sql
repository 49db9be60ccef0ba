-- Question: Which carriers are late most often where they fly the same routes as others?
-- Answer: Frontier: 38.8 % of its flights, where the routes it shares have 25.8 %. Alaska gains most: 14.7 %
--   against 21.3 %. Carriers with fewer than 100 such flights are left out.
-- Index: sqlite flight(carrier), airline(carrier); postgres none: SQLite groups in the order of the flights' key;
--   PostgreSQL reads all flights and hashes sixteen airlines.
-- Units: late %, expected %
WITH arrived AS (
    SELECT carrier, origin, dest, count(*) AS flights, count(*) FILTER (WHERE arrival_delay >= 15) AS late
    FROM flight
    WHERE arrival_delay IS NOT NULL
    GROUP BY carrier, origin, dest
), route AS (
    SELECT origin, dest, CAST(sum(late) AS double precision) / sum(flights) AS share
    FROM arrived
    GROUP BY origin, dest
    HAVING count(*) > 1
)
SELECT arrived.carrier,
       airline.name,
       CAST(sum(arrived.flights) AS bigint) AS flights,
       CAST(100 AS double precision) * sum(late) / sum(arrived.flights) AS late,
       100 * sum(share * arrived.flights) / sum(arrived.flights) AS expected
FROM arrived
JOIN route ON route.origin = arrived.origin AND route.dest = arrived.dest
JOIN airline ON airline.carrier = arrived.carrier
GROUP BY arrived.carrier, airline.name
HAVING sum(arrived.flights) >= 100
ORDER BY CAST(100 AS double precision) * sum(late) / sum(arrived.flights)
         - 100 * sum(share * arrived.flights) / sum(arrived.flights) DESC;
