-- Question: Which carriers cancel most?
-- Answer: SkyWest 9.4 % of only 32 flights, then Mesa 9.3 %, Endeavor 5.7 % and ExpressJet 5.2 %; Hawaiian none of
--   342.
-- Index: sqlite airline(carrier); postgres none: SQLite looks each airline up; PostgreSQL hashes sixteen airlines.
-- Units: share %
SELECT airline.name,
       count(*) AS flights,
       count(*) FILTER (WHERE departure_delay IS NULL) AS cancelled,
       CAST(100 AS double precision) * count(*) FILTER (WHERE departure_delay IS NULL) / count(*) AS share
FROM flight
JOIN airline ON airline.carrier = flight.carrier
GROUP BY airline.name
ORDER BY share DESC, airline.name;
