// Table flight_log: types and nulls are the catalogue's, so they are certain.
#[derive(Record)]
#[record(table = "flight_log")]
struct FlightLog {
    #[record(key)]
    id: i64, // bigint
    #[record(path = "tail number")]
    tail_number: Option<String>, // character varying(6)
    #[record(path = "type")]
    type_: String, // text
    at: DateTime<Utc>, // timestamp with time zone
    gate: Option<i32>, // smallint
    origin: String, // airport_code
    speed: Option<f32>, // real
}
