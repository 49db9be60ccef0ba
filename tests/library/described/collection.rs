// Collection reading: all its documents were looked at, 200.
#[derive(Record)]
#[record(collection = "reading")]
struct Reading {
    #[record(key, path = "_id")]
    id: String, // in all 200; string
    station: String, // in all 200; string
    time: DateTime<Utc>, // in all 200; date
    #[record(path = "obs.temperature")]
    temperature: f64, // in all 200; double
    #[record(path = "obs.wind.speed")]
    speed: Option<f64>, // in 160 of 200; double 106, int32 54
}
