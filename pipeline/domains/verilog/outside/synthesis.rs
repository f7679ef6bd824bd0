//! What Yosys says of a candidate: whether it is hardware, how much, and whether it is the reference's.
//!
//! **Synthesis** reads the candidate with its support, without the testbench, as a synthesiser does (`SYNTHESIS` is
//! defined). What no hardware can be made of is the candidate's fault; what Yosys 0.23 cannot read although it is legal
//! SystemVerilog is ours, and leaves the question open. Latches are counted and named, not forbidden; several drivers on
//! one wire and loops of gates are.
//!
//! **Equivalence** makes a miter of reference and candidate and looks for inputs under which their outputs part.
//! Assumed: every register without a declared first value powers up at 0; where the reference writes X, any value will
//! do; where a reset can be told by
//! its name, it is held first, and nothing compared meanwhile; outputs that only one of both has, or of another width,
//! are a difference. Where all registers run on one edge of one clock a step is a cycle of it, else half a cycle. The
//! search covers [`STEPS`] steps after reset; if induction succeeds meanwhile, the answer holds for ever. Outcomes:
//! `proved`, `bounded` (no difference within the bound), `refuted` (with the inputs), and `unknown`: not decided within
//! [`PROOF_SECONDS`], or not readable. Unknown is neither pass nor fail.

use super::check::{ExternalCheck, ExternalError};
use super::lex::{self, Kind};
use super::suite::{Part, Suite};
use crate::domains::shell::{script, step};
use sandboxes::{Status, Step, StepResult, When};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Steps that a search for a difference covers.
pub const STEPS: u32 = 24;
/// CPU seconds of a synthesis, and of a proof.
pub const PROOF_SECONDS: u32 = 20;

/// Yosys within bounds of its own, and only if the files compiled.
const BOUNDED: &str =
    "[ -e /job/assay.vvp ] || [ -x /job/assay_sim ] || exit 0; ulimit -t 20; exec yosys -Q -T -p \"$1\"";

/// Area of a cell in gate equivalents: its area over that of a NAND2, as in the open 45 nm library of NanGate (drive
/// strength X1). Flip-flops with enable or synchronous reset are counted as a plain one with the gate before it.
const AREA: &[(&str, f64)] = &[
    ("$_ANDNOT_", 1.33),
    ("$_AND_", 1.33),
    ("$_AOI3_", 1.33),
    ("$_AOI4_", 1.67),
    ("$_BUF_", 1.0),
    ("$_DFFE_", 8.0),
    ("$_DFFSRE_", 10.33),
    ("$_DFFSR_", 8.0),
    ("$_DFF_", 5.67),
    ("$_DFF_ASYNC_", 6.67),
    ("$_DFFE_ASYNC_", 9.0),
    ("$_DLATCHSR_", 4.67),
    ("$_DLATCH_", 3.33),
    ("$_DLATCH_ASYNC_", 4.0),
    ("$_MUX_", 2.33),
    ("$_NAND_", 1.0),
    ("$_NMUX_", 2.33),
    ("$_NOR_", 1.0),
    ("$_NOT_", 0.67),
    ("$_OAI3_", 1.33),
    ("$_OAI4_", 1.67),
    ("$_ORNOT_", 1.33),
    ("$_OR_", 1.33),
    ("$_SDFFCE_", 9.33),
    ("$_SDFFE_", 9.33),
    ("$_SDFF_", 7.0),
    ("$_TBUF_", 2.0),
    ("$_XNOR_", 2.0),
    ("$_XOR_", 2.0),
];

/// Constructs that a simulator runs and no synthesiser takes, whatever its version.
const BEHAVIOUR: &[&str] = &[
    "class",
    "covergroup",
    "deassign",
    "event",
    "force",
    "forever",
    "fork",
    "mailbox",
    "real",
    "realtime",
    "release",
    "semaphore",
    "shortreal",
    "string",
    "wait",
];

fn read(suite: &Suite, parts: &[Part]) -> String {
    let folders: String = suite.folders().iter().map(|d| format!(" -I{d}")).collect();
    format!("read_verilog -sv{folders} {}", suite.sources(parts).join(" "))
}

/// The command that synthesises the candidate.
pub fn synthesize(suite: &Suite) -> Vec<String> {
    let top = match &suite.dut {
        Some(top) => format!("-top {top}"),
        None => "-auto-top".into(),
    };
    let read = read(suite, &[Part::Support, Part::Candidate]);
    let commands = format!(
        "{read}; hierarchy -check {top}; log assay processes; proc; flatten; log assay check; check; log assay end; \
         synth -run coarse:check; log assay depth; ltp -noff; log assay cells; stat; log assay end"
    );
    script(BOUNDED, vec![commands])
}

/// What a synthesis comes to.
pub enum Synthesis {
    /// It is hardware; the findings.
    Hardware(Map<String, Value>),
    /// It is none, and why.
    Not(String),
    /// Nobody knows, for a reason of ours.
    Unknown(String),
}

/// Reads the log of [`synthesize`].
pub fn synthesis(suite: &Suite, step: &StepResult) -> Synthesis {
    let log = String::from_utf8_lossy(&step.log);
    let error = log
        .lines()
        .rev()
        .find(|l| l.contains("ERROR:"))
        .unwrap_or("")
        .replace("/job/in/", "");
    match step.status {
        Status::Exit(0) => {}
        Status::Exit(_) if error.contains("syntax error") || error.contains("nsupported") => {
            return match behaviour(suite) {
                Some(word) => Synthesis::Not(format!("`{word}` is not for hardware: {error}")),
                None => Synthesis::Unknown(format!("yosys 0.23 cannot read it: {error}")),
            };
        }
        Status::Exit(_) if !error.is_empty() => return Synthesis::Not(error),
        _ => {
            return Synthesis::Unknown(format!(
                "yosys ended with {:?} within {PROOF_SECONDS} s of cpu",
                step.status
            ));
        }
    }
    let between = |from: &str, to: &str| {
        let from = format!("\nassay {from}\n");
        log.split_once(from.as_str())
            .and_then(|(_, rest)| rest.split_once(format!("\nassay {to}\n").as_str()))
    };
    let (Some((processes, _)), Some((checked, _))) = (between("processes", "check"), between("check", "end")) else {
        return Synthesis::Unknown("yosys left no account".into());
    };
    let warned = |what: &str| {
        checked
            .lines()
            .find(|l| l.contains(what))
            .map(|l| l.replace("/job/in/", ""))
    };
    if let Some(line) = warned("multiple conflicting drivers").or_else(|| warned("found logic loop")) {
        return Synthesis::Not(line);
    }
    let depth = between("depth", "cells").and_then(|(text, _)| number(text, "(length="));
    let cells = between("cells", "end").map(|(text, _)| cells(text)).unwrap_or_default();
    let area: f64 = cells
        .iter()
        .filter_map(|(cell, n)| Some(gate_equivalents(cell)? * *n as f64))
        .sum();
    let latches: Vec<&str> = processes
        .lines()
        .filter(|l| l.starts_with("Latch inferred for signal `"))
        .filter_map(|l| l.split('`').nth(1)?.split('\'').next())
        .map(|name| name.trim_start_matches('\\'))
        .collect();
    let undriven: Vec<String> = checked
        .lines()
        .filter(|l| l.contains("has no driver"))
        .map(String::from)
        .collect();
    let mut found = Map::new();
    found.insert("cells".into(), json!(cells));
    found.insert("cell_count".into(), json!(cells.values().sum::<u64>()));
    found.insert("area_gate_equivalents".into(), json!((area * 100.0).round() / 100.0));
    found.insert("logic_depth".into(), json!(depth));
    found.insert("latches".into(), json!(latches));
    found.insert("undriven".into(), json!(undriven.len()));
    Synthesis::Hardware(found)
}

/// A word of the candidate's that no hardware is made of.
fn behaviour(suite: &Suite) -> Option<&'static str> {
    let files: Vec<_> = suite.of(&[Part::Candidate]).collect();
    BEHAVIOUR.iter().copied().find(|word| {
        files.iter().any(|f| {
            lex::tokens(&f.text)
                .iter()
                .any(|t| t.kind == Kind::Word && t.text == *word)
        })
    })
}

fn number(text: &str, before: &str) -> Option<u64> {
    let rest = &text[text.rfind(before)? + before.len()..];
    rest[..rest.find(|c: char| !c.is_ascii_digit())?].parse().ok()
}

/// Lines such as `     $_DFF_P_      8`, of the last table.
fn cells(text: &str) -> BTreeMap<String, u64> {
    let table = text.rsplit("Number of cells:").next().unwrap_or("");
    let pair = |line: &str| {
        let mut words = line.split_whitespace();
        let (cell, n) = (words.next()?, words.next()?);
        (cell.starts_with('$') && words.next().is_none()).then(|| Some((cell.to_string(), n.parse().ok()?)))?
    };
    table.lines().filter_map(pair).collect()
}

/// `$_DFF_P_` is `$_DFF_`; `$_DFF_PN0_` has an asynchronous reset besides.
fn gate_equivalents(cell: &str) -> Option<f64> {
    let exact = |name: &str| AREA.iter().find(|(c, _)| *c == name).map(|(_, area)| *area);
    exact(cell).or_else(|| {
        let (family, letters) = cell.strip_suffix('_')?.rsplit_once('_')?;
        let asynchronous = letters.len() >= 3 && ["$_DFF", "$_DFFE", "$_DLATCH"].contains(&family);
        exact(&format!("{family}_{}", if asynchronous { "ASYNC_" } else { "" }))
    })
}

/// The steps that compare the candidate with the reference.
pub fn prove(suite: &Suite, check: &ExternalCheck) -> Result<[Step; 2], ExternalError> {
    if suite.of(&[Part::Reference]).next().is_none() {
        return Err(ExternalError::FileMissing("reference"));
    }
    let top = suite.dut.clone().ok_or(ExternalError::TopMissing)?;
    let reference = suite.declared(&[Part::Reference]);
    let named = check.top.as_ref().filter(|t| reference.contains(*t));
    let gold = named
        .or_else(|| reference.get(&top))
        .map_or("-auto-top".into(), |t| format!("-top {t}"));
    let clocking = Clocking::of(suite, &top);
    let registers = if clocking.single { "async2sync" } else { "clk2fflogic" };
    let prepare = |parts: &[Part], top: &str, name: &str| {
        let read = read(suite, parts);
        format!("{read}; hierarchy -check {top}; proc; flatten; memory; {registers}; clean; rename -top {name}")
    };
    let reference = prepare(&[Part::Support, Part::Reference], &gold, "assay_gold");
    let candidate = prepare(&[Part::Support, Part::Candidate], &format!("-top {top}"), "assay_gate");
    let (ignore, undefined) = match writes_x(suite) {
        true => (" -ignore_gold_x", " -enable_undef -set-def-inputs"),
        false => ("", ""),
    };
    // Without `-verify`, under which Yosys ends before it prints the inputs that refute.
    let search = format!(
        "read_rtlil /job/assay_gold.il; miter -equiv{ignore} -flatten assay_gold assay_gate assay_miter; hierarchy -top \
         assay_miter; opt_merge; clean; sat -tempinduct -maxsteps {STEPS}{undefined} -set-init-zero{} -prove trigger 0 \
         -show-ports assay_miter",
        clocking.held()
    );
    Ok([
        step(
            "prepare",
            script(BOUNDED, vec![format!("{reference}; write_rtlil /job/assay_gold.il")]),
            When::Always,
        ),
        step(
            "prove",
            script(BOUNDED, vec![format!("{candidate}; {search}")]),
            When::Always,
        ),
    ])
}

/// Whether the reference says of some value that it does not care: then X is modelled, which costs much.
fn writes_x(suite: &Suite) -> bool {
    suite.of(&[Part::Reference]).any(|f| {
        let tokens = lex::tokens(&f.text);
        let based = |t: &lex::Token| {
            let digits = t.text.split_once('\'').map_or("", |(_, digits)| digits);
            t.kind == Kind::Number && digits.to_ascii_lowercase().contains('x')
        };
        let bare = |p: &[lex::Token]| p[0].is("'") && matches!(p[1].text, "x" | "X" | "bx" | "hx" | "dx");
        tokens.iter().any(based) || tokens.windows(2).any(bare)
    })
}

/// How a design is clocked and reset, as far as its text and its names tell.
struct Clocking {
    /// Whether all registers of candidate and reference run on the same edge of one clock.
    single: bool,
    clock: Option<String>,
    /// The reset and its active level.
    reset: Option<(String, u8)>,
}

impl Clocking {
    fn of(suite: &Suite, top: &str) -> Clocking {
        let files: Vec<_> = suite.of(&[Part::Candidate]).collect();
        let tokens: Vec<_> = files.iter().map(|f| lex::tokens(&f.text)).collect();
        let unit = tokens.iter().flat_map(|t| lex::units(t)).find(|u| u.name == top);
        let inputs = unit.map(|u| inputs(u.tokens)).unwrap_or_default();
        let clock = inputs.iter().find(|n| has_part(n, &["clk", "clock"]));
        let reset = inputs.iter().find_map(|n| Some((n.to_string(), reset_level(n)?)));
        Clocking {
            single: edges(suite) <= 1,
            clock: clock.map(|n| n.to_string()),
            reset,
        }
    }

    /// Options that hold reset first: for two steps, or over two edges of the clock.
    fn held(&self) -> String {
        let Some((reset, active)) = &self.reset else {
            return String::new();
        };
        match (&self.clock, self.single) {
            (_, true) => format!(" -seq 2 -set-at 1 in_{reset} {active} -set-at 2 in_{reset} {active}"),
            (Some(clock), false) => {
                let held = (1..=4).map(|at| {
                    format!(
                        " -set-at {at} in_{reset} {active} -set-at {at} in_{clock} {}",
                        (at + 1) % 2
                    )
                });
                format!(" -seq 4{}", held.collect::<String>())
            }
            (None, false) => String::new(),
        }
    }
}

/// Different clock edges that the candidate and the reference wait for; those of resets do not count.
fn edges(suite: &Suite) -> usize {
    let mut found = std::collections::BTreeSet::new();
    for file in suite.of(&[Part::Candidate, Part::Reference, Part::Support]) {
        let tokens = lex::tokens(&file.text);
        for pair in tokens.windows(2) {
            if matches!(pair[0].text, "posedge" | "negedge") && reset_level(pair[1].text).is_none() {
                found.insert((pair[0].text.to_string(), pair[1].text.to_string()));
            }
        }
    }
    found.len()
}

/// Whether one of these is a part of a name between underscores.
fn has_part(name: &str, words: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    words.iter().any(|w| name.split('_').any(|part| part == *w))
}

/// The level at which a signal of this name resets; `None` where it is no reset.
fn reset_level(name: &str) -> Option<u8> {
    const RESET: &[&str] = &["rst", "reset", "arst", "areset", "srst"];
    if has_part(
        name,
        &["rstn", "resetn", "nrst", "nreset", "aresetn", "arstn", "rstb", "rstni"],
    ) {
        return Some(0);
    }
    let low = has_part(name, &["n", "ni", "b"]);
    has_part(name, RESET).then_some(if low { 0 } else { 1 })
}

/// Names that stand after `input`, up to the next direction.
fn inputs<'a>(tokens: &[lex::Token<'a>]) -> Vec<&'a str> {
    let mut reading = false;
    let mut names = Vec::new();
    for pair in tokens.windows(2) {
        let (token, next) = (&pair[0], &pair[1]);
        match token.text {
            "input" => reading = true,
            "output" | "inout" | ";" => reading = false,
            _ if reading && token.kind == Kind::Word && (next.is(",") || next.is(")") || next.is(";")) => {
                names.push(token.text)
            }
            _ => {}
        }
    }
    names
}

/// What a comparison comes to.
#[derive(Debug, PartialEq)]
pub enum Equivalence {
    Proved,
    Bounded,
    /// The inputs that tell them apart, as Yosys prints them, or what differs in their ports.
    Refuted(String),
    Unknown(String),
}

/// Reads the logs of [`prove`].
pub fn equivalence(prepare: &StepResult, prove: &StepResult) -> Equivalence {
    let error = |step: &StepResult| {
        let log = String::from_utf8_lossy(&step.log);
        log.lines()
            .rev()
            .find(|l| l.contains("ERROR:"))
            .unwrap_or("")
            .replace("/job/in/", "")
    };
    if prepare.status != Status::Exit(0) {
        return Equivalence::Unknown(format!("yosys cannot read the reference: {}", error(prepare)));
    }
    let log = String::from_utf8_lossy(&prove.log);
    let error = error(prove);
    if prove.status == Status::Exit(0) && log.contains("Induction step proven: SUCCESS!") {
        Equivalence::Proved
    } else if log.contains("model found for base case: FAIL!") {
        let shown = log
            .rfind("model found for base case: FAIL!")
            .map_or("", |at| &log[at..]);
        Equivalence::Refuted(table(shown))
    } else if error.contains("in gate module") || error.contains("in gold module") || error.contains("matching port") {
        Equivalence::Refuted(format!("their ports differ: {error}"))
    } else if log.contains("Reached maximum number of time steps") {
        Equivalence::Bounded
    } else {
        Equivalence::Unknown(match (error.is_empty(), &prove.status) {
            (false, Status::Exit(_)) => format!("yosys: {error}"),
            _ => format!("neither proved nor refuted within {PROOF_SECONDS} s of cpu"),
        })
    }
}

/// The rows of a counterexample: time, signal, value in hexadecimal.
fn table(shown: &str) -> String {
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [time, signal, _, hex, _] if signal.starts_with('\\') => {
                Some(format!("step {time}  {} = {hex}", signal.trim_start_matches('\\')))
            }
            _ => None,
        }
    };
    let rows: Vec<String> = shown.lines().filter_map(row).collect();
    rows[rows.len().saturating_sub(60)..].join("\n")
}
