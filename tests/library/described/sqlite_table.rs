// Table sensor: types and nulls are the catalogue's. SQLite lets a cell hold another type all the same, so a load looks at each.
#[derive(Record)]
#[record(table = "sensor")]
struct Sensor {
    #[record(key)]
    sensor_id: i64, // INTEGER
    code: String, // TEXT
    installed: DateTime<Utc>, // TIMESTAMP
    height: Option<f64>, // REAL
    floors: Option<i64>, // INTEGER
    active: bool, // BOOLEAN
}
