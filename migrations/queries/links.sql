-- How many ends dangle, link by link: rows that refer to something that is not there. Foreign keys cannot dangle; these
-- are the links that no foreign key holds.
SELECT 'flight.tail → plane.tail' AS link,
       count(*) AS refer,
       count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM plane WHERE plane.tail = flight.tail)) AS dangle
FROM flight
WHERE flight.tail IS NOT NULL
UNION ALL
SELECT 'flight.origin, hour → observation._id',
       count(*),
       count(*) FILTER (WHERE NOT EXISTS (
           SELECT 1 FROM document_observation
           WHERE id = flight.origin || '/' || substr(flight.scheduled_departure, 1, 13) || ':00:00Z'))
FROM flight;
