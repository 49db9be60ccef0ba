// Table Odd schema.Ünï "t": types and nulls are the catalogue's, so they are certain.
#[derive(Record)]
#[record(table = "Odd schema.Ünï \"t\"")]
struct ÜnïT {
    #[record(path = "a \"b\"; --")]
    a_b: i32, // integer
    #[record(path = "größe")]
    größe: Option<f64>, // double precision
    #[record(path = "self")]
    self_: Option<bool>, // boolean
    #[record(path = "a b")]
    a_b_2: Option<String>, // text
}
