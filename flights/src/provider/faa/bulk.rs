//! The zip file of all aircraft: MASTER, with each line's model and engine from the two files it refers to.

use super::{ENGINES, KINDS};
use crate::plane::Plane;
use crate::provider::zip_entry::{self, Limited, ZipError};
use crate::provider::{Declared, declared};
use carnet::record::Record;
use carnet::record::extract::{Column, ExtractError, Extracted, Rejected, Rows, Table};
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt;
use std::io::{Read, Seek};
use std::sync::LazyLock;
use thiserror::Error;
use zip::ZipArchive;
use zip::read::ZipFile;

const WHAT: &str = "registered aircraft";

/// Why the registry cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The zip file.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// A file in it.
    #[error("{file}: {source}")]
    Extract {
        /// The file.
        file: &'static str,
        /// What is wrong with it.
        source: ExtractError,
    },
}

/// A line of MASTER, as sent: the columns that are used, none of them about a person.
#[derive(Debug, Clone, PartialEq, Record, Deserialize)]
pub struct Master {
    /// The number, without the N that it begins with.
    pub number: String,
    /// The maker's number of the aircraft.
    pub serial: Option<String>,
    /// The code of its model.
    pub model_code: String,
    /// The code of its engine.
    pub engine_code: Option<String>,
    /// Year of manufacture.
    pub year: Option<i32>,
    /// The registry's letter for its state, such as V for valid.
    pub status: Option<String>,
    /// The transponder's code in base 16.
    pub mode_s_hex: Option<String>,
}

/// A line of ACFTREF, as sent: a model.
#[derive(Debug, Clone, PartialEq, Record, Deserialize)]
pub struct Model {
    /// The code that MASTER refers to.
    pub code: String,
    /// Maker.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// The registry's number of the kind of aircraft.
    pub kind: String,
    /// The registry's number of the kind of engine.
    pub engine: String,
    /// How many engines.
    pub engines: i32,
    /// How many seats.
    pub seats: i32,
    /// Cruising speed in miles per hour; 0 when not on record.
    pub speed: Option<i32>,
}

/// A line of ENGINE, as sent.
#[derive(Debug, Clone, PartialEq, Record, Deserialize)]
pub struct Engine {
    /// The code that MASTER refers to.
    pub code: String,
    /// Maker.
    pub manufacturer: Option<String>,
    /// Model.
    pub model: Option<String>,
}

static MASTER: Declared<Table<Master>> = LazyLock::new(|| {
    Ok(padded(Table::new([
        Column::new("number", "N-NUMBER"),
        Column::new("serial", "SERIAL NUMBER"),
        Column::new("model_code", "MFR MDL CODE"),
        Column::new("engine_code", "ENG MFR MDL"),
        Column::new("year", "YEAR MFR"),
        Column::new("status", "STATUS CODE"),
        Column::new("mode_s_hex", "MODE S CODE HEX"),
    ])?))
});

static MODELS: Declared<Table<Model>> = LazyLock::new(|| {
    Ok(padded(Table::new([
        Column::new("code", "CODE"),
        Column::new("manufacturer", "MFR"),
        Column::new("model", "MODEL"),
        Column::new("kind", "TYPE-ACFT"),
        Column::new("engine", "TYPE-ENG"),
        Column::new("engines", "NO-ENG"),
        Column::new("seats", "NO-SEATS"),
        Column::new("speed", "SPEED"),
    ])?))
});

static ENGINE: Declared<Table<Engine>> = LazyLock::new(|| {
    Ok(padded(Table::new([
        Column::new("code", "CODE"),
        Column::new("manufacturer", "MFR"),
        Column::new("model", "MODEL"),
    ])?))
});

/// Values are padded to the width of their column, a quotation mark is part of a name, and most columns are about people.
fn padded<R: Record + serde::de::DeserializeOwned>(table: Table<R>) -> Table<R> {
    table.trimmed().unquoted().private()
}

/// An aircraft with its model and engine.
#[derive(Debug, Clone, PartialEq)]
pub struct Aircraft {
    /// Its line in MASTER.
    pub master: Master,
    /// The model that the line refers to.
    pub model: Model,
    /// The engine that the line refers to, if it does.
    pub engine: Option<Engine>,
}

/// The zip file, its models and engines read.
pub struct Registry<D> {
    archive: ZipArchive<D>,
    master: usize,
    models: HashMap<String, Model>,
    engines: HashMap<String, Engine>,
    rejected: Vec<Rejected>,
}

impl<D> fmt::Debug for Registry<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("models", &self.models.len())
            .field("engines", &self.engines.len())
            .finish_non_exhaustive()
    }
}

impl<D: Read + Seek> Registry<D> {
    /// Reads the models and the engines, to which aircraft refer.
    ///
    /// # Errors
    /// When the body is no zip file, or a file or a column is missing.
    pub fn open(data: D) -> Result<Registry<D>, RegistryError> {
        let mut archive = zip_entry::open(data, WHAT)?;
        let mut rejected = Vec::new();
        let index = find(&archive, "ACFTREF.txt")?;
        let models = by_code(
            zip_entry::entry(&mut archive, index, WHAT)?,
            "ACFTREF.txt",
            &MODELS,
            |model| model.code.clone(),
            &mut rejected,
        )?;
        let index = find(&archive, "ENGINE.txt")?;
        let engines = by_code(
            zip_entry::entry(&mut archive, index, WHAT)?,
            "ENGINE.txt",
            &ENGINE,
            |engine| engine.code.clone(),
            &mut rejected,
        )?;
        let master = find(&archive, "MASTER.txt")?;
        Ok(Registry {
            archive,
            master,
            models,
            engines,
            rejected,
        })
    }

    /// Lines of the models and engines that did not fit. An aircraft that refers to one is rejected in its turn.
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// The aircraft, line by line as they are decompressed.
    ///
    /// # Errors
    /// When the header lacks a column.
    pub fn aircraft(&mut self) -> Result<AllAircraft<'_, D>, RegistryError> {
        let entry = zip_entry::entry(&mut self.archive, self.master, WHAT)?;
        Ok(AllAircraft {
            rows: read(entry, "MASTER.txt", &MASTER)?,
            models: &self.models,
            engines: &self.engines,
        })
    }
}

fn find<D: Read + Seek>(archive: &ZipArchive<D>, file: &'static str) -> Result<usize, ZipError> {
    let found = zip_entry::names(archive).position(|name| {
        name.rsplit('/')
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(file))
    });
    found.ok_or_else(|| zip_entry::missing(archive, file))
}

fn read<R: Record + serde::de::DeserializeOwned, D: Read>(
    data: D,
    file: &'static str,
    table: &'static Declared<Table<R>>,
) -> Result<Rows<'static, R, D>, RegistryError> {
    declared(table)
        .and_then(|table| table.read(data))
        .map_err(|source| RegistryError::Extract { file, source })
}

fn by_code<R: Record + serde::de::DeserializeOwned, D: Read>(
    data: D,
    file: &'static str,
    table: &'static Declared<Table<R>>,
    code: impl Fn(&R) -> String,
    rejected: &mut Vec<Rejected>,
) -> Result<HashMap<String, R>, RegistryError> {
    let mut all = HashMap::new();
    for row in read(data, file, table)? {
        match row.map_err(|source| RegistryError::Extract { file, source })? {
            Ok(row) => {
                all.insert(code(&row), row);
            }
            Err(mut misfit) => {
                misfit.place = format!("{file} {}", misfit.place);
                rejected.push(misfit);
            }
        }
    }
    Ok(all)
}

/// All aircraft of a registry, one after the other.
#[derive(Debug)]
pub struct AllAircraft<'a, D: Read + Seek> {
    rows: Rows<'static, Master, Limited<ZipFile<'a, D>>>,
    models: &'a HashMap<String, Model>,
    engines: &'a HashMap<String, Engine>,
}

impl<D: Read + Seek> AllAircraft<'_, D> {
    fn joined(&self, master: Master) -> Extracted<Aircraft> {
        let Some(model) = self.models.get(&master.model_code) else {
            return Err(master.reject(
                "MFR MDL CODE is a code of ACFTREF",
                format!("found {:?}", master.model_code),
            ));
        };
        // Engines are not joined to anything that is asked for, so one that is not on record is no misfit.
        let engine = master
            .engine_code
            .as_ref()
            .and_then(|code| self.engines.get(code));
        Ok(Aircraft {
            model: model.clone(),
            engine: engine.cloned(),
            master,
        })
    }
}

impl<D: Read + Seek> Iterator for AllAircraft<'_, D> {
    type Item = Result<Extracted<Aircraft>, RegistryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        let extract = |source| RegistryError::Extract {
            file: "MASTER.txt",
            source,
        };
        Some(
            row.map_err(extract)
                .map(|row| row.and_then(|master| self.joined(master))),
        )
    }
}

impl Master {
    /// The tail number, with its N.
    pub fn tail(&self) -> String {
        format!("N{}", self.number)
    }

    fn reject(&self, rule: &str, reason: String) -> Rejected {
        let raw = format!("{self:?}");
        Rejected::new(
            format!("aircraft {}", self.tail()),
            rule,
            reason,
            raw.as_bytes(),
        )
    }
}

impl Aircraft {
    /// The plane.
    ///
    /// # Errors
    /// When the registry's number of a kind is none that it explains, or there is no engine or no seat.
    pub fn plane(&self) -> Extracted<Plane> {
        let meaning = |codes: &[(&str, &str)], code: &str| {
            let found = codes.iter().find(|(one, _)| *one == code);
            found.map(|(_, meaning)| (*meaning).to_owned())
        };
        let Some(kind) = meaning(&KINDS, &self.model.kind) else {
            let reason = format!("found {:?}", self.model.kind);
            return Err(self
                .master
                .reject("TYPE-ACFT is a kind of aircraft", reason));
        };
        let Some(engine) = meaning(&ENGINES, &self.model.engine) else {
            let reason = format!("found {:?}", self.model.engine);
            return Err(self.master.reject("TYPE-ENG is a kind of engine", reason));
        };
        let (engines, seats) = (self.model.engines, self.model.seats);
        if engines < 1 || seats < 1 {
            let reason = format!("found {engines} engines, {seats} seats");
            return Err(self
                .master
                .reject("a plane has an engine and a seat", reason));
        }
        Ok(Plane {
            tail: self.master.tail(),
            year: self.master.year,
            kind,
            manufacturer: self.model.manufacturer.clone(),
            model: self.model.model.clone(),
            engines,
            seats,
            // As the registry writes a speed that is not on record.
            speed_mph: self.model.speed.filter(|speed| *speed > 0),
            engine,
            response_id: None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    const MASTER: &str = "\u{feff}N-NUMBER,SERIAL NUMBER,MFR MDL CODE,ENG MFR MDL,YEAR MFR,TYPE REGISTRANT,NAME,STREET,STREET2,CITY,STATE,ZIP CODE,COUNTY,STATUS CODE,MODE S CODE HEX, KIT MODEL,\r\n\
        14228,28765                         ,1384404,52050,1998,3,SMITH \"JOHN\" A    ,1 MAIN ST,,BOSTON,MA,02101,025,V ,A0B1C2    ,          ,\r\n\
        5    ,X                             ,9999999,     ,    ,1,SMITH MARY,2 MAIN ST,,BOSTON,MA,02101,025,V ,          ,,\r\n\
        6    ,X                             ,1384404,     ,MCMX,1,SMITH MARY,2 MAIN ST,,BOSTON,MA,02101,025,V ,          ,,\r\n\
        7    ,X                             ,0000001,     ,    ,1,SMITH MARY,2 MAIN ST,,BOSTON,MA,02101,025,V ,          ,,\r\n";
    const ACFTREF: &str = "\u{feff}CODE,MFR,MODEL,TYPE-ACFT,TYPE-ENG,AC-CAT,BUILD-CERT-IND,NO-ENG,NO-SEATS,AC-WEIGHT,SPEED,\n\
        1384404,BOEING                        ,737-824             ,5,5 ,1,0,02,149,CLASS 3,0000,\n\
        0000001,GLIDER WORKS                  ,ONE                 ,1,0 ,1,0,00,001,CLASS 1,0060,\n\
        0000002,NOBODY                        ,TWO                 ,4,1 ,1,0,01,    ,CLASS 1,0060,\n";
    const ENGINES_FILE: &str =
        "CODE,MFR,MODEL,TYPE,HORSEPOWER,THRUST,\n52050,CFM INTL  ,CFM56-7B26   , 5,     ,026300,\n";

    fn zip(files: &[(&str, &str)]) -> Cursor<Vec<u8>> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap()
    }

    fn registry() -> Registry<Cursor<Vec<u8>>> {
        Registry::open(zip(&[
            ("ardata.pdf", "x"),
            ("MASTER.txt", MASTER),
            ("ACFTREF.txt", ACFTREF),
            ("ENGINE.txt", ENGINES_FILE),
        ]))
        .unwrap()
    }

    #[test]
    fn an_aircraft_has_the_model_and_engine_that_its_line_refers_to() {
        let mut registry = registry();
        let aircraft: Vec<Extracted<Aircraft>> =
            registry.aircraft().unwrap().map(Result::unwrap).collect();
        let first = aircraft[0].as_ref().unwrap();
        assert_eq!(
            first.engine.as_ref().unwrap().model.as_deref(),
            Some("CFM56-7B26")
        );
        assert_eq!(
            first.plane().unwrap(),
            Plane {
                tail: "N14228".into(),
                year: Some(1998),
                kind: "Fixed wing multi engine".into(),
                manufacturer: "BOEING".into(),
                model: "737-824".into(),
                engines: 2,
                seats: 149,
                speed_mph: None,
                engine: "Turbo-fan".into(),
                response_id: None,
            }
        );
        let told = |row: &Extracted<Aircraft>| row.as_ref().unwrap_err().to_string();
        assert!(
            told(&aircraft[1]).contains("9999999"),
            "{}",
            told(&aircraft[1])
        );
        assert!(
            told(&aircraft[2]).contains("MCMX"),
            "{}",
            told(&aircraft[2])
        );
        let glider = aircraft[3].as_ref().unwrap().plane().unwrap_err();
        assert!(glider.reason.contains("0 engines"), "{glider}");
        assert_eq!(registry.rejected().len(), 1);
        assert!(
            registry.rejected()[0]
                .place
                .starts_with("ACFTREF.txt line 4")
        );
    }

    #[test]
    fn nothing_about_a_person_is_read_or_kept() {
        let mut registry = registry();
        let all = format!("{:?}", registry.aircraft().unwrap().collect::<Vec<_>>());
        for secret in ["SMITH", "MAIN ST", "BOSTON", "02101"] {
            assert!(
                MASTER.contains(secret) && !all.contains(secret),
                "{secret}: {all}"
            );
        }
        let fields: Vec<String> = Master::schema()
            .fields
            .into_iter()
            .map(|field| field.name)
            .collect();
        assert_eq!(
            fields,
            [
                "number",
                "serial",
                "model_code",
                "engine_code",
                "year",
                "status",
                "mode_s_hex"
            ]
        );
    }

    #[test]
    fn a_zip_file_without_the_files_is_refused_with_what_it_has() {
        let error = Registry::open(zip(&[("readme.txt", "")]))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("ACFTREF.txt") && error.contains("readme.txt"),
            "{error}"
        );
        let other = zip(&[
            ("ACFTREF.txt", "CODE,MFR\n"),
            ("ENGINE.txt", ""),
            ("MASTER.txt", ""),
        ]);
        let error = Registry::open(other).unwrap_err().to_string();
        assert!(
            error.contains("NO-SEATS") && error.contains("MODEL"),
            "{error}"
        );
    }
}
