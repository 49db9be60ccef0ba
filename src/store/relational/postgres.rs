//! Connecting to PostgreSQL: one pool of connections, and errors that name the server and never the password.

use crate::store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Connections at once, at most: those of a partitioned load and of a few other things. A server takes 100 unless told otherwise.
const CONNECTIONS: u32 = 24;
/// How long a server may take to let a connection in.
const CONNECT: Duration = Duration::from_secs(10);

/// A PostgreSQL database.
#[derive(Debug, Clone)]
pub(crate) struct Postgres {
    pool: PgPool,
    name: Arc<str>,
}

impl Postgres {
    /// Connects once, so that a wrong URL or password is told here.
    pub(crate) async fn open(url: &str) -> Result<Postgres, StoreError> {
        let options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Url {
            form: "postgres://USER:PASSWORD@HOST:PORT/DATABASE",
        })?;
        let options = options
            .application_name("carnet")
            .disable_statement_logging();
        let name = format!(
            "PostgreSQL at {}:{}, database {}",
            options.get_host(),
            options.get_port(),
            options
                .get_database()
                .unwrap_or_else(|| options.get_username()),
        );
        let failed = |source, remedy| StoreError::Connect {
            store: name.clone(),
            source: Box::new(source),
            remedy,
        };
        // A pool would try a refused connection again and again and then say only that time is up.
        match tokio::time::timeout(CONNECT, options.connect()).await {
            Ok(Ok(connection)) => {
                // Whether the goodbye arrives does not matter.
                let _ = connection.close().await;
            }
            Ok(Err(error)) => {
                let remedy = remedy(&error);
                return Err(failed(error, remedy));
            }
            Err(_) => {
                return Err(failed(
                    sqlx::Error::PoolTimedOut,
                    "it did not answer in time; check the host, the port and any firewall",
                ));
            }
        }
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECT)
            .connect_lazy_with(options);
        Ok(Postgres {
            pool,
            name: name.into(),
        })
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The error with the store's name; a connection that broke is told from an answer of the server.
    pub(crate) fn error(&self, source: sqlx::Error) -> StoreError {
        let store = self.name.to_string();
        if is_lost(&source) {
            StoreError::Lost { store, source }
        } else {
            StoreError::Database { store, source }
        }
    }

    /// The server and the database, without the password.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// Whether there is no connection any more: the network's doing, or the server's, which says so before it goes (class 57P of
/// PostgreSQL's appendix A).
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => {
            matches!(error.code().as_deref(), Some("57P01" | "57P02" | "57P03"))
        }
        _ => false,
    }
}

/// What to do about a connection that was not let in, by the server's code (PostgreSQL's appendix A) or the system's.
fn remedy(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("28P01" | "28000") => "check the user and the password in the URL",
            Some("3D000") => "create the database, or correct its name in the URL",
            Some("53300") => "the server has no connection left; try again later",
            _ => "the server says why",
        },
        sqlx::Error::Io(_) => {
            "check that the server runs and that the host and the port in the URL are its own"
        }
        sqlx::Error::Tls(_) => "check the server's certificate, or sslmode in the URL",
        _ => "check the URL",
    }
}
