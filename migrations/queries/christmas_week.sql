-- Question: How did each airport do in the week before Christmas?
-- Answer: Newark was worst: 39.7 % late; JFK 29.2 %, LaGuardia 27.3 %.
-- Index: flight(scheduled_departure): a week is a fiftieth of the flights.
-- Units: late %
SELECT origin, count(*) AS flights,
       count(*) FILTER (WHERE departure_delay IS NULL) AS cancelled,
       CAST(100 AS double precision) * count(*) FILTER (WHERE arrival_delay >= 15) / count(arrival_delay) AS late
FROM flight
WHERE scheduled_departure >= '2013-12-20T05:00:00Z' AND scheduled_departure < '2013-12-27T05:00:00Z'
GROUP BY origin
ORDER BY late DESC, origin;
