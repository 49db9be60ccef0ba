-- Question: How much of a late departure is made up in the air?
-- Answer: 2.4 minutes on flights under 500 miles, 7.6 on those of 2,000 and more.
-- Index: none: it reads every flight, so an index would only cost.
-- Units: made_up min, air_time min
SELECT CASE WHEN distance < 500 THEN 'under 500'
            WHEN distance < 1000 THEN '500 to 999'
            WHEN distance < 2000 THEN '1,000 to 1,999'
            ELSE '2,000 and more' END AS miles,
       count(*) AS flights,
       avg(departure_delay - arrival_delay) AS made_up,
       avg(air_time) AS air_time
FROM flight
WHERE arrival_delay IS NOT NULL AND departure_delay >= 15
GROUP BY 1
ORDER BY air_time;
