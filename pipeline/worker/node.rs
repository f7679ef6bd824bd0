//! A stored plan, made runnable.

use super::WorkerError;
use crate::sources::{self, Source};
use crate::stages::{self, Stage, StageSpec};
use crate::store::{BuildPlan, NodeRow, Route};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What a node does.
pub enum Op {
    Source(Box<dyn Source>),
    Stage(&'static StageSpec, Box<dyn Stage>),
}

/// A node with its configured source or stage.
pub struct Node {
    pub row: NodeRow,
    pub op: Op,
    /// Nodes that take its output.
    pub consumers: Vec<i16>,
}

/// A build's nodes, ready to run.
pub struct Plan {
    pub id: i64,
    pub seed: u64,
    pub nodes: Vec<Node>,
    /// Node names by index, for the store.
    pub names: BTreeMap<i16, String>,
}

impl Plan {
    /// Sets up every node of a stored build; refuses one planned by stages of another version.
    pub fn load(stored: BuildPlan) -> Result<Plan, WorkerError> {
        let mut nodes = Vec::with_capacity(stored.nodes.len());
        let rows = stored.nodes.clone();
        for row in stored.nodes {
            let consumers = rows
                .iter()
                .filter(|r| r.inputs.contains(&row.node))
                .map(|r| r.node)
                .collect();
            let (op, version) =
                set_up(&row.use_, &row.config, Path::new(&stored.base_dir)).map_err(|message| WorkerError::Node {
                    node: row.name.clone(),
                    message,
                })?;
            if version as i32 != row.stage_version {
                let what = format!(
                    "`{}` is version {} there and {version} here",
                    row.use_, row.stage_version
                );
                return Err(WorkerError::Version { build: stored.id, what });
            }
            nodes.push(Node { row, op, consumers });
        }
        let names = nodes.iter().map(|n| (n.row.node, n.row.name.clone())).collect();
        Ok(Plan {
            id: stored.id,
            seed: stored.seed,
            nodes,
            names,
        })
    }

    /// The node that runs fused behind this one: its only consumer, cheap, and looking at one sample at a time.
    pub fn fused_after(&self, node: &Node) -> Option<&Node> {
        let [only] = node.consumers[..] else { return None };
        let next = &self.nodes[only as usize];
        match &next.op {
            Op::Stage(spec, _) if spec.fused && next.row.inputs.len() == 1 && !next.row.is_barrier => Some(next),
            _ => None,
        }
    }

    /// Where a node's outputs go.
    pub fn routes(&self, node: &Node) -> Vec<Route> {
        let route = |&to: &i16| {
            let consumer = &self.nodes[to as usize];
            let (batch, needs) = match &consumer.op {
                Op::Stage(spec, _) => (spec.batch, spec.needs.iter().map(|s| s.to_string()).collect()),
                Op::Source(_) => (1, Vec::new()),
            };
            Route {
                from: node.row.node,
                to,
                batch,
                held: consumer.row.is_barrier,
                needs,
            }
        };
        node.consumers.iter().map(route).collect()
    }
}

/// Finds `use` in the tables and configures it; relative paths of sources start at the recipe's folder.
pub fn set_up(use_: &str, config: &Value, base_dir: &Path) -> Result<(Op, u32), String> {
    if let Some(spec) = sources::table().iter().find(|s| s.name == use_) {
        let mut config = config.clone();
        if let Some(Value::String(path)) = config.get_mut("path") {
            *path = base_dir.join(&*path).to_string_lossy().into_owned();
        }
        return Ok((Op::Source((spec.build)(&config)?), spec.version));
    }
    let spec = stages::table()
        .iter()
        .find(|s| s.name == use_)
        .ok_or_else(|| format!("no source or stage is called `{use_}`"))?;
    Ok((Op::Stage(spec, (spec.build)(config)?), spec.version))
}
