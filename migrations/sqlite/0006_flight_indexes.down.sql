DROP INDEX flight_response;
DROP INDEX flight_tail;
