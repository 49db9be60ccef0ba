//! The user's wish to stop: Ctrl-C or SIGTERM once asks (the cell is interrupted, the result so far is saved), twice insists.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Tells how often the user has asked to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    times: watch::Receiver<u32>,
}

impl Stop {
    /// Begins to listen; from here on Ctrl-C and SIGTERM no longer end the program by themselves.
    pub(crate) fn listen() -> io::Result<Self> {
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let (sender, times) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                sender.send_modify(|times| *times += 1);
            }
        });
        Ok(Self { times })
    }

    /// Waits until the user has asked to stop.
    pub(crate) async fn asked(&self) {
        self.reached(1).await;
    }

    /// Waits until the user has asked a second time.
    pub(crate) async fn insisted(&self) {
        self.reached(2).await;
    }

    /// Whether the user has asked.
    pub(crate) fn is_asked(&self) -> bool {
        *self.times.borrow() >= 1
    }

    async fn reached(&self, wanted: u32) {
        if self
            .times
            .clone()
            .wait_for(|times| *times >= wanted)
            .await
            .is_err()
        {
            std::future::pending().await
        }
    }
}
