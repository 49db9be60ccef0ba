-- Question: How did 10 July 2013 go for aircraft N238JB?
-- Answer: It left for Burlington in time and came to Boston 69 minutes late; its two evening flights left about six
--   hours late.
-- Index: flight(tail): the aircraft and, within it, the day are found by it.
-- Units: departure_delay min, arrival_delay min
SELECT scheduled_departure, carrier, flight_number, origin, dest, departure_delay, arrival_delay
FROM flight
WHERE scheduled_departure >= '2013-07-10T05:00:00Z' AND scheduled_departure < '2013-07-11T05:00:00Z'
  AND tail = 'N238JB'
ORDER BY scheduled_departure, flight_id;
