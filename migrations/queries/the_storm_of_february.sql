-- Question: What did the snowstorm of 8 and 9 February 2013 cancel?
-- Answer: United 146 of 272 flights, JetBlue 130 of 277, ExpressJet 130 of 230; Hawaiian none of 2.
-- Index: flight(scheduled_departure): two days are found by it.
SELECT carrier, count(*) AS flights,
       count(*) FILTER (WHERE departure_delay IS NULL) AS cancelled
FROM flight
WHERE scheduled_departure >= '2013-02-08T05:00:00Z' AND scheduled_departure < '2013-02-10T05:00:00Z'
GROUP BY carrier
ORDER BY cancelled DESC, carrier;
