//! A recipe, checked: which stages run with which configuration over whose output.

use super::check::{Checker, Language};
use super::diagnostics::{Diagnostic, Problem, Severity, did_you_mean, quote, quote_all};
use super::schema_parts::{Parts, canonical_text};
use super::schemas::node_schema;
use super::strict::{Document, schema_of};
use super::tree::{Entry, Node, Val};
use super::{StageInfo, graph};
use crate::model::{hash_parts, sha256_hex};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The recipe format that this program reads.
pub const FORMAT: u32 = 1;

/// Nodes in one recipe.
pub const MAX_NODES: usize = 500;

/// Keys of a node that are not the stage's own.
pub const COMMON_KEYS: [&str; 3] = ["use", "input", "library"];

/// A recipe: a graph of stages that turns raw code into verified samples.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "assay recipe")]
pub(super) struct Head {
    /// Format version of the file; this program reads 1.
    #[schemars(range(min = 1, max = 1))]
    #[allow(dead_code)]
    recipe: u32,
    /// What builds of this recipe are called.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_-]*$"), length(max = 64))]
    name: String,
    /// What the recipe is for, in a sentence or two.
    #[serde(default)]
    description: String,
    /// Where everything random comes from: the same seed gives the same samples. 0 by default.
    #[serde(default)]
    seed: u64,
    /// The graph: each node names a stage, what it reads, and how it is configured.
    #[allow(dead_code)]
    nodes: BTreeMap<String, Value>,
}

/// A checked recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The recipe's name.
    pub name: String,
    pub description: String,
    /// The recipe's seed.
    pub seed: u64,
    /// sha256 (hex) over the parsed content with sorted keys: comments, formatting and the order of keys and nodes
    /// do not matter, everything else does.
    pub recipe_sha256: String,
    /// The folder of the recipe: relative paths in a configuration start here. In no hash, so that a recipe is
    /// the same on every machine.
    pub base_dir: PathBuf,
    /// Each comes after what it reads; among those that could come next, the first in the file.
    pub nodes: Vec<PlanNode>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Diagnostic>,
}

/// A stage at its place in a recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanNode {
    pub name: String,
    /// The stage: what the recipe's `use` says.
    pub use_: String,
    /// The stage's configuration as written, keys sorted, without keys that only repeat their default.
    pub config: Value,
    /// Places in [`Plan::nodes`], in the order in which the recipe names them.
    pub inputs: Vec<usize>,
    /// Place in [`Plan::nodes`].
    pub library: Option<usize>,
    /// What this node does to what: its stage, version, configuration, seed where the stage uses it, everything
    /// upstream and whatever else its output depends on. Not its name. 32 hex digits.
    pub fingerprint: String,
    /// Line of the recipe on which it is defined, 1-based.
    pub line: u32,
}

impl Plan {
    /// The place of a node in [`Plan::nodes`].
    pub fn position(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|n| n.name == name)
    }

    /// A path of a configuration, made absolute for running; it belongs in no hash.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.base_dir.join(path)
    }
}

/// Hashes of models, grammars and tokenizers that a stage uses under a configuration.
pub type Extras<'a> = &'a dyn Fn(&StageInfo, &Value) -> Vec<String>;

/// Reads a recipe. `file` names it in messages, and its folder is where relative paths start.
pub fn parse(file: &str, text: &str, stages: &[StageInfo]) -> Result<Plan, Vec<Diagnostic>> {
    parse_with(file, text, stages, &|_, _| Vec::new())
}

/// The same with what the fingerprints depend on besides the recipe.
pub fn parse_with(file: &str, text: &str, stages: &[StageInfo], extras: Extras<'_>) -> Result<Plan, Vec<Diagnostic>> {
    let document = Document::parse(file, text)?;
    if let Some(problem) = unsupported(&document.tree) {
        return Err(document.place(vec![problem]));
    }
    let schema = schema_of::<Head>();
    let mut problems = document.repeated();
    problems.extend(Checker::new(&schema, Language::Toml).check(&document.tree));
    let entries = document.tree.get("nodes").map(Node::entries).unwrap_or_default();
    problems.extend(entry_count(&document.tree));
    let drafts: Vec<Draft> = entries
        .iter()
        .take(MAX_NODES)
        .map(|e| draft(e, stages, &mut problems))
        .collect();
    let linked = link(&drafts, &mut problems);
    let order = ordered(&drafts, &linked, &mut problems);
    let failed = problems.iter().any(|p| p.severity == Severity::Error);
    if failed {
        // What a warning says mostly follows from an error: a source is unread where its reader is misspelt.
        problems.retain(|p| p.severity == Severity::Error);
    }
    let placed = document.place(problems);
    if failed {
        return Err(placed);
    }
    let head: Head = serde_json::from_value(document.tree.to_json())
        .map_err(|e| document.place(vec![Problem::new(0, e.to_string())]))?;
    let mut plan = Plan {
        name: head.name,
        description: head.description,
        seed: head.seed,
        recipe_sha256: sha256_hex(canonical_text(&document.tree.to_json()).as_bytes()),
        base_dir: Path::new(file).parent().unwrap_or(Path::new("")).to_path_buf(),
        nodes: Vec::new(),
        warnings: placed,
    };
    for at in &order {
        let place = |n: &usize| order.iter().position(|o| o == n);
        let node = PlanNode {
            name: drafts[*at].name.into(),
            use_: drafts[*at].stage.map(|s| s.name.to_string()).unwrap_or_default(),
            config: drafts[*at].config.clone(),
            inputs: linked[*at].inputs.iter().filter_map(place).collect(),
            library: linked[*at].library.as_ref().and_then(place),
            fingerprint: String::new(),
            line: document.line(drafts[*at].at),
        };
        let fingerprint = drafts[*at]
            .stage
            .map(|s| fingerprint(s, &node, &plan, extras))
            .unwrap_or_default();
        plan.nodes.push(PlanNode { fingerprint, ..node });
    }
    Ok(plan)
}

fn fingerprint(stage: &StageInfo, node: &PlanNode, plan: &Plan, extras: Extras<'_>) -> String {
    let of = |role: &str, at: &usize| format!("{role} {}", plan.nodes[*at].fingerprint);
    let mut parts = vec![
        stage.name.to_string(),
        stage.version.to_string(),
        canonical_text(&hashed_config(stage, &node.config)),
    ];
    parts.extend(node.inputs.iter().map(|i| of("input", i)));
    parts.extend(node.library.iter().map(|l| of("library", l)));
    parts.extend(extras(stage, &node.config).iter().map(|e| format!("extra {e}")));
    parts.extend(stage.seeded.then(|| format!("seed {}", plan.seed)));
    hash_parts(parts.iter().map(String::as_bytes))
}

/// The configuration without the keys that only list what to read: one package more must not make the others new.
fn hashed_config(stage: &StageInfo, config: &Value) -> Value {
    let mut config = config.clone();
    if let Value::Object(map) = &mut config {
        map.retain(|key, _| !stage.lists.contains(&key.as_str()));
    }
    config
}

/// A recipe of another format: nothing else can be said about it.
fn unsupported(tree: &Node) -> Option<Problem> {
    let version = tree.get("recipe")?;
    match version.value {
        Val::Int(v) if v != i128::from(FORMAT) => {
            let message = format!("recipe format {v} is not supported; this program reads `recipe = {FORMAT}`");
            Some(Problem::new(version.at, message))
        }
        _ => None,
    }
}

fn entry_count(tree: &Node) -> Option<Problem> {
    let nodes = tree.get("nodes")?;
    match nodes.entries().len() {
        0 if matches!(nodes.value, Val::Table(_)) => Some(Problem::new(nodes.at, "a recipe needs at least one node")),
        n if n > MAX_NODES => Some(Problem::new(
            nodes.at,
            format!("{n} nodes; at most {MAX_NODES} are allowed"),
        )),
        _ => None,
    }
}

/// A name in a recipe, with its place.
type Named<'d> = (&'d str, usize);

/// A node as written.
struct Draft<'d> {
    name: &'d str,
    at: usize,
    stage: Option<&'d StageInfo>,
    inputs: Vec<Named<'d>>,
    library: Option<Named<'d>>,
    config: Value,
}

/// Checks a node by itself.
fn draft<'d>(entry: &'d Entry, stages: &'d [StageInfo], problems: &mut Vec<Problem>) -> Draft<'d> {
    let node = &entry.node;
    problems.extend(bad_name(entry));
    let mut draft = Draft {
        name: &entry.key,
        at: entry.at,
        stage: None,
        inputs: names(node.get("input")),
        library: node.get("library").and_then(|l| Some((l.text()?, l.at))),
        config: Value::Null,
    };
    let owner = format!("node {}", quote(&entry.key));
    if !matches!(node.value, Val::Table(_)) {
        let message = format!("{owner} must be a table: `[nodes.{}]`", entry.key.escape_debug());
        problems.push(Problem::new(node.at, message));
        return draft;
    }
    match stage_of(node, stages, &owner) {
        Ok(stage) => {
            draft.stage = Some(stage);
            draft.config = config(node, stage, owner, problems);
        }
        Err(problem) => problems.push(problem),
    }
    draft
}

fn bad_name(entry: &Entry) -> Option<Problem> {
    let starts = entry.key.starts_with(|c: char| c.is_ascii_lowercase());
    let goes_on = entry
        .key
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if starts && goes_on && entry.key.len() <= 64 {
        return None;
    }
    let help = "lowercase letters, digits and `_`, a letter first, at most 64".to_string();
    Some(Problem::new(entry.at, format!("{} is no name for a node", quote(&entry.key))).help(Some(help)))
}

fn names(input: Option<&Node>) -> Vec<Named<'_>> {
    match input.map(|n| (&n.value, n.at)) {
        Some((Val::Text(name), at)) => vec![(name, at)],
        Some((Val::List(items), _)) => items.iter().filter_map(|n| Some((n.text()?, n.at))).collect(),
        _ => Vec::new(),
    }
}

fn stage_of<'d>(node: &Node, stages: &'d [StageInfo], owner: &str) -> Result<&'d StageInfo, Problem> {
    let known = || quote_all(stages.iter().map(|s| s.name));
    let Some(named) = node.get("use") else {
        let help = format!("it takes the name of a stage: {}", known());
        return Err(Problem::new(node.at, format!("missing key `use` in {owner}")).help(Some(help)));
    };
    let Some(name) = named.text() else {
        return Err(Problem::new(
            named.at,
            format!("`use` in {owner} must be a string: the name of a stage"),
        ));
    };
    stages.iter().find(|s| s.name == name).ok_or_else(|| {
        let help = did_you_mean(name, stages.iter().map(|s| s.name));
        let help = help.unwrap_or_else(|| format!("there are {}", known()));
        Problem::new(named.at, format!("unknown stage {} in {owner}", quote(name))).help(Some(help))
    })
}

/// Checks a node's keys against its stage's schema; returns the configuration.
fn config(node: &Node, stage: &StageInfo, owner: String, problems: &mut Vec<Problem>) -> Value {
    let mut checked = node.clone();
    for (key, taken) in [("input", !stage.is_source), ("library", stage.takes_library)] {
        if let Some(entry) = node.entries().iter().find(|e| e.key == key && !taken) {
            let kind = if stage.is_source { "the source" } else { "the stage" };
            let message = format!("{kind} {} takes no `{key}`, but {owner} has one", quote(stage.name));
            problems.push(Problem::new(entry.at, message).help(Some("remove it".into())));
            checked = checked.without(&[key]);
        }
    }
    let schema = node_schema(stage);
    problems.extend(Checker::new(&schema, Language::Toml).owned_by(owner).check(&checked));
    Parts::new(&stage.schema).canonical(&node.without(&COMMON_KEYS))
}

/// What a node reads, as places in the file's order.
#[derive(Default)]
struct Links {
    inputs: Vec<usize>,
    library: Option<usize>,
}

fn link(drafts: &[Draft<'_>], problems: &mut Vec<Problem>) -> Vec<Links> {
    let links: Vec<Links> = drafts
        .iter()
        .map(|d| Links {
            inputs: d
                .inputs
                .iter()
                .filter_map(|n| find(d, "input", *n, drafts, problems))
                .collect(),
            library: d.library.and_then(|n| find(d, "library", n, drafts, problems)),
        })
        .collect();
    for (at, draft) in drafts
        .iter()
        .enumerate()
        .filter(|(_, d)| d.stage.is_some_and(|s| s.is_source))
    {
        if !links.iter().any(|l| l.inputs.contains(&at) || l.library == Some(at)) && drafts.len() > 1 {
            let message = format!("no node reads {}", quote(draft.name));
            problems.push(Problem::new(draft.at, message).warning());
        }
    }
    links
}

fn find(
    draft: &Draft<'_>,
    key: &str,
    name: Named<'_>,
    drafts: &[Draft<'_>],
    problems: &mut Vec<Problem>,
) -> Option<usize> {
    // A source that was given an input has been told so.
    let takes = draft
        .stage
        .is_none_or(|s| if key == "input" { !s.is_source } else { s.takes_library });
    if !takes {
        return None;
    }
    let (name, at) = name;
    let found = drafts.iter().position(|d| d.name == name);
    if found.is_none() {
        let message = format!("unknown node {} as {key} of node {}", quote(name), quote(draft.name));
        let others = drafts.iter().map(|d| d.name).filter(|n| *n != draft.name);
        problems.push(Problem::new(at, message).help(did_you_mean(name, others)));
    }
    found
}

/// The order of running; reports every cycle.
fn ordered(drafts: &[Draft<'_>], links: &[Links], problems: &mut Vec<Problem>) -> Vec<usize> {
    let reads: Vec<Vec<usize>> = links
        .iter()
        .map(|l| l.inputs.iter().chain(&l.library).copied().collect())
        .collect();
    let (order, cycles) = graph::order(&reads);
    for cycle in cycles {
        let names: Vec<_> = cycle
            .iter()
            .chain(cycle.first())
            .map(|n| quote(drafts[*n].name))
            .collect();
        let at = cycle.first().map_or(0, |n| drafts[*n].at);
        let message = format!("a cycle: {}", names.join(" reads "));
        problems.push(Problem::new(at, message).help(Some("break it at one of these inputs".into())));
    }
    order
}

#[cfg(test)]
#[path = "plan_tests.rs"]
pub(super) mod tests;
