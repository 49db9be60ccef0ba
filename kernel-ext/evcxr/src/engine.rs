//! evcxr behind the kernel's [`Engine`].

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use carnet_kernel::engine::{
    Bundle, CellError, Completions, Engine, Interrupter, Output, Variable,
};
use tokio::sync::{mpsc, oneshot};

use crate::locked;
use crate::stop;
use crate::toolkit::Workplace;
use crate::worker::{self, Job, Told};

/// See the module.
pub(crate) struct Evcxr {
    jobs: Option<Sender<Job>>,
    told: Arc<Mutex<Told>>,
    /// The session's folder goes with the engine.
    _workplace: Arc<Workplace>,
    idle: mpsc::UnboundedReceiver<Output>,
    interrupter: Interrupter,
}

impl Evcxr {
    /// An engine that has not started anything but its threads.
    pub(crate) fn new(workplace: Workplace) -> anyhow::Result<Self> {
        let told = Arc::new(Mutex::new(Told::default()));
        let workplace = Arc::new(workplace);
        let (sender, idle) = mpsc::unbounded_channel();
        let streams = Arc::new(workplace.streams(sender)?);
        let jobs = worker::start(Arc::clone(&workplace), Arc::clone(&told), streams);
        Ok(Self {
            jobs: Some(jobs),
            told,
            _workplace: workplace,
            idle,
            interrupter: Interrupter::default(),
        })
    }

    fn ask(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(job);
        }
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        locked(&self.told)
    }

    /// Ends the process that runs cells if it runs one, which evcxr then starts again, and cargo if it runs.
    fn stop(&self) {
        let child = self.told().child.clone();
        if let Some(child) = child {
            stop::ask(locked(&child).id());
        }
        stop::kill_builds();
    }
}

impl Engine for Evcxr {
    async fn evaluate(
        &mut self,
        code: &str,
        number: usize,
        outputs: &mpsc::Sender<Output>,
    ) -> Result<(), CellError> {
        let mut interrupt = self.interrupter.listen();
        let before: Vec<String> = names(&self.told().variables);
        let (reply, mut answer) = oneshot::channel();
        self.ask(Job::Evaluate {
            code: code.to_owned(),
            label: format!("cell [{number}]"),
            outputs: outputs.clone(),
            stops: interrupt.clone(),
            reply,
        });
        let gone = || CellError::new("error", "evcxr has ended; restart the kernel");
        let mut interrupted = false;
        let result = loop {
            tokio::select! {
                result = &mut answer => break result.map_err(|_| gone())?,
                _ = interrupt.changed() => {
                    interrupted = true;
                    self.stop();
                }
                // evcxr goes on after a compiler that was ended, by asking another one.
                () = tokio::time::sleep(Duration::from_millis(50)), if interrupted => self.stop(),
            }
        };
        if !interrupted || !result.as_ref().is_err_and(is_by_stop) {
            return result;
        }
        let after = names(&self.told().variables);
        let lost: Vec<String> = before
            .into_iter()
            .filter(|name| !after.contains(name))
            .map(|name| format!("`{name}`"))
            .collect();
        let sentence = match lost.as_slice() {
            [] => "no variable was lost".to_owned(),
            lost => format!(
                "these variables were lost with its process: {}",
                lost.join(", ")
            ),
        };
        Err(CellError::new(
            "interrupted",
            format!("the cell was stopped; {sentence}"),
        ))
    }

    async fn warm_up(&mut self) {
        self.ask(Job::Begin);
    }

    async fn idle_output(&mut self) -> Output {
        match self.idle.recv().await {
            Some(output) => output,
            None => std::future::pending().await,
        }
    }

    async fn complete(&mut self, code: &str, cursor: usize) -> Completions {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Complete {
            code: code.to_owned(),
            cursor,
            reply,
        });
        answer.await.unwrap_or(Completions {
            replaced: cursor..cursor,
            candidates: Vec::new(),
        })
    }

    async fn inspect(&mut self, code: &str, cursor: usize, _: u8) -> Option<Bundle> {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Inspect {
            code: code.to_owned(),
            cursor,
            reply,
        });
        let text = answer.await.ok().flatten()?;
        let forms = ["text/plain", "text/markdown"];
        Some(
            forms
                .map(|form| (form.to_owned(), text.clone().into()))
                .into_iter()
                .collect(),
        )
    }

    fn variables(&self) -> Vec<Variable> {
        self.told().variables.clone()
    }

    fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    async fn shutdown(&mut self) {
        self.stop();
        self.jobs = None;
        let child = self.told().child.take();
        if let Some(child) = child {
            let _ = locked(&child).kill();
        }
    }
}

/// Whether a cell that was asked to stop may have ended so because of that: not by a panic nor by what the compiler says of it.
fn is_by_stop(error: &CellError) -> bool {
    let code = error.name.strip_prefix('E').unwrap_or_default();
    let is_code = code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit());
    error.name != "panic" && !is_code
}

fn names(variables: &[Variable]) -> Vec<String> {
    variables
        .iter()
        .map(|variable| variable.name.clone())
        .collect()
}
