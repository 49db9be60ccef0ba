-- What flights are asked for besides their period. In PostgreSQL the table is partitioned by month as well.

-- What an aircraft flew, in order: was its leg before this one late?
CREATE INDEX flight_tail ON flight (tail, scheduled_departure);
-- What was read from a response; without it every response that is deleted would scan all flights.
CREATE INDEX flight_response ON flight (response_id);
