//! Comms: channels that a frontend opens to a part of the kernel. One part is there, `carnet.variables`, for a view of the
//! variables: it sends them when it is opened, when it is asked to, and after each cell.

use std::collections::HashMap;

use jupyter_protocol::{
    CommClose, CommId, CommInfo, CommInfoReply, CommMsg, CommOpen, JupyterMessage,
};
use serde_json::{Map, Value, json};

use super::iopub::IoPub;
use crate::engine::Variable;

/// The target of a view of the variables.
const VARIABLES: &str = "carnet.variables";

/// The open comms.
#[derive(Debug, Default)]
pub(crate) struct Comms(HashMap<CommId, String>);

impl Comms {
    /// Which are open, of one target or of all.
    pub(crate) fn info(&self, target: Option<&str>) -> CommInfoReply {
        let wanted = |(_, name): &(&CommId, &String)| target.is_none_or(|target| target == *name);
        let comms = self.0.iter().filter(wanted).map(|(id, name)| {
            let target_name = name.clone();
            (id.clone(), CommInfo { target_name })
        });
        CommInfoReply {
            comms: comms.collect(),
            ..CommInfoReply::default()
        }
    }

    /// Opens a comm, or closes it at once when its target is not known.
    pub(crate) async fn open(
        &mut self,
        asked: &CommOpen,
        variables: Vec<Variable>,
        iopub: &IoPub,
        request: &JupyterMessage,
    ) {
        if asked.target_name == VARIABLES {
            self.0
                .insert(asked.comm_id.clone(), asked.target_name.clone());
            send(&asked.comm_id, &variables, iopub, request).await;
        } else {
            let reason = format!("no target `{}`; there is `{VARIABLES}`", asked.target_name);
            let data = Map::from_iter([("error".to_owned(), Value::from(reason))]);
            let comm_id = asked.comm_id.clone();
            iopub.send(CommClose { comm_id, data }, request).await;
        }
    }

    /// A message to an open comm asks for the variables again.
    pub(crate) async fn message(
        &self,
        asked: &CommMsg,
        variables: Vec<Variable>,
        iopub: &IoPub,
        request: &JupyterMessage,
    ) {
        if self.0.contains_key(&asked.comm_id) {
            send(&asked.comm_id, &variables, iopub, request).await;
        }
    }

    /// The frontend has closed a comm.
    pub(crate) fn close(&mut self, asked: &CommClose) {
        self.0.remove(&asked.comm_id);
    }

    /// A cell has ended: every view gets the variables.
    pub(crate) async fn cell_ended(
        &self,
        variables: impl FnOnce() -> Vec<Variable>,
        iopub: &IoPub,
        request: &JupyterMessage,
    ) {
        if !self.0.is_empty() {
            let variables = variables();
            for id in self.0.keys() {
                send(id, &variables, iopub, request).await;
            }
        }
    }
}

async fn send(id: &CommId, variables: &[Variable], iopub: &IoPub, request: &JupyterMessage) {
    let variable = |variable: &Variable| {
        json!({
            "name": variable.name,
            "type": variable.type_,
            "mutable": variable.mutable,
            "cell": variable.cell,
        })
    };
    let variables = Value::Array(variables.iter().map(variable).collect());
    let message = CommMsg {
        comm_id: id.clone(),
        data: Map::from_iter([("variables".to_owned(), variables)]),
    };
    iopub.send(message, request).await;
}
