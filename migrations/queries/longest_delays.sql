-- Question: Which ten flights arrived latest?
-- Answer: HA 51 from JFK to Honolulu on 9 January, 1,272 minutes late; the tenth was 875 minutes late.
-- Index: none: delays are not indexed, since only this question orders by them.
-- Units: arrival_delay min
SELECT scheduled_departure, carrier, flight_number, origin, dest, arrival_delay
FROM flight
WHERE arrival_delay IS NOT NULL
ORDER BY arrival_delay DESC, flight_id
LIMIT 10;
