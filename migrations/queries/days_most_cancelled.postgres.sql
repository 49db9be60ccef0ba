-- Question: On which ten days were most flights cancelled?
-- Answer: On 8 and 9 February, in a snowstorm: 472 of 930 and 393 of 684. Then 23 May with 221.
-- Index: none: it reads every flight, so an index would only cost.

-- A day is that of New York in winter.
SELECT CAST(scheduled_departure AT TIME ZONE 'UTC' - interval '5 hours' AS date) AS day,
       count(*) AS flights,
       count(*) FILTER (WHERE departure_delay IS NULL) AS cancelled
FROM flight
GROUP BY 1
ORDER BY cancelled DESC, day
LIMIT 10;
