//! One execute request: the cell's outputs are published while it runs, its result and its error after it.

use std::collections::HashMap;

use jupyter_protocol::{
    ErrorOutput, ExecuteInput, ExecuteReply, ExecuteRequest, ExecuteResult, ExecutionCount,
    ExpressionResult, JupyterMessage, ReplyError, ReplyStatus,
};
use tokio::sync::mpsc;

use super::iopub::media;
use super::shell::Shell;
use crate::engine::{CellError, Engine, Output};

impl<E: Engine> Shell<E> {
    /// Runs a cell; returns the reply, and whether the cells behind it are to be aborted.
    pub(super) async fn execute(
        &mut self,
        request: &JupyterMessage,
        asked: &ExecuteRequest,
    ) -> (ExecuteReply, bool) {
        let counted = asked.store_history && !asked.silent;
        if counted {
            self.count += 1;
        }
        let execution_count = ExecutionCount::new(self.count);
        if !asked.silent {
            self.iopub
                .send(
                    ExecuteInput {
                        code: asked.code.clone(),
                        execution_count,
                    },
                    request,
                )
                .await;
        }
        let (sender, mut outputs) = mpsc::channel(64);
        let iopub = self.iopub.clone();
        let publish = async {
            while let Some(output) = outputs.recv().await {
                match output {
                    _ if asked.silent => {}
                    Output::Result(data) => {
                        iopub
                            .send(ExecuteResult::new(execution_count, media(data)), request)
                            .await
                    }
                    output => iopub.send_output(output, request).await,
                }
            }
        };
        let number = self.count;
        let engine = &mut self.engine;
        let evaluate = async move { engine.evaluate(&asked.code, number, &sender).await };
        let (result, ()) = tokio::join!(evaluate, publish);
        let mut reply = ExecuteReply {
            execution_count,
            user_expressions: Some(expressions(asked)),
            ..Default::default()
        };
        let Err(error) = result else {
            return (reply, false);
        };
        if !asked.silent {
            self.iopub.send(error_output(&error), request).await;
        }
        let CellError {
            name: ename,
            value: evalue,
            traceback,
        } = error;
        reply.status = ReplyStatus::Error;
        reply.error = Some(Box::new(ReplyError {
            ename,
            evalue,
            traceback,
        }));
        (reply, asked.stop_on_error)
    }
}

fn error_output(error: &CellError) -> ErrorOutput {
    ErrorOutput {
        ename: error.name.clone(),
        evalue: error.value.clone(),
        traceback: error.traceback.clone(),
    }
}

/// Each expression a frontend asks for beside the cell is refused by name: a Rust expression would be a cell of its own.
fn expressions(asked: &ExecuteRequest) -> HashMap<String, ExpressionResult> {
    let refused = || ExpressionResult::Error {
        ename: "unsupported".to_owned(),
        evalue: "this kernel does not evaluate user expressions; send a cell".to_owned(),
        traceback: Vec::new(),
    };
    asked
        .user_expressions
        .iter()
        .flatten()
        .map(|(name, _)| (name.clone(), refused()))
        .collect()
}
