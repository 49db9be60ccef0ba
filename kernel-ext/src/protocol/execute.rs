//! One execute request: the cell's outputs are published while it runs, its result and its error after it.

use std::collections::HashMap;

use jupyter_protocol::{
    ErrorOutput, ExecuteInput, ExecuteReply, ExecuteRequest, ExecuteResult, ExecutionCount,
    ExpressionResult, JupyterMessage, ReplyError, ReplyStatus,
};
use tokio::sync::mpsc;

use super::iopub::media;
use super::shell::Shell;
use crate::engine::{Bundle, CellError, Engine, Output};

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
        let (iopub, stdin, engine) = (&self.iopub, &mut self.stdin, &mut self.engine);
        let mut shown = None;
        let publish = async {
            loop {
                let output = tokio::select! {
                    output = outputs.recv() => output,
                    () = stdin.answered() => continue,
                };
                let Some(output) = output else { break };
                match output {
                    // A question that is not passed on is answered by the end of the input.
                    Output::Input(input) if asked.allow_stdin && !asked.silent => {
                        stdin.ask(input, request).await;
                    }
                    _ if asked.silent => {}
                    Output::Result(data) => {
                        let text = data.get("text/plain").and_then(|text| text.as_str());
                        shown = text.map(str::to_owned);
                        iopub
                            .send(ExecuteResult::new(execution_count, media(data)), request)
                            .await
                    }
                    output => iopub.send_output(output, request).await,
                }
            }
            stdin.close();
        };
        let number = self.count;
        let evaluate = async move { engine.evaluate(&asked.code, number, &sender).await };
        let (result, ()) = tokio::join!(evaluate, publish);
        if counted {
            self.history.add(number, &asked.code, shown);
        }
        let mut reply = ExecuteReply {
            execution_count,
            ..Default::default()
        };
        if result.is_ok() {
            reply.user_expressions = Some(self.expressions(asked).await);
        }
        let (comms, engine) = (&self.comms, &self.engine);
        comms
            .cell_ended(|| engine.variables(), &self.iopub, request)
            .await;
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

    /// Evaluates each expression that a frontend asks for beside the cell, as a cell of its own that nobody sees.
    async fn expressions(&mut self, asked: &ExecuteRequest) -> HashMap<String, ExpressionResult> {
        let mut results = HashMap::new();
        for (name, expression) in asked.user_expressions.iter().flatten() {
            let (sender, mut outputs) = mpsc::channel(64);
            let mut data = Bundle::new();
            let collect = async {
                while let Some(output) = outputs.recv().await {
                    if let Output::Result(bundle) = output {
                        data = bundle;
                    }
                }
            };
            let (engine, number) = (&mut self.engine, self.count);
            let evaluate = async move { engine.evaluate(expression, number, &sender).await };
            let (result, ()) = tokio::join!(evaluate, collect);
            let result = match result {
                Ok(()) => ExpressionResult::Ok {
                    data: media(data),
                    metadata: serde_json::Map::new(),
                },
                Err(error) => ExpressionResult::Error {
                    ename: error.name,
                    evalue: error.value,
                    traceback: error.traceback,
                },
            };
            results.insert(name.clone(), result);
        }
        results
    }
}

fn error_output(error: &CellError) -> ErrorOutput {
    ErrorOutput {
        ename: error.name.clone(),
        evalue: error.value.clone(),
        traceback: error.traceback.clone(),
    }
}
