//! The user's side of a repair: what the code should do, the code, what the tool said, the request.

use super::behaviour::{Behaviour, Speaker};
use super::describe::{bullet, needed, summary};
use super::english::tick;
use super::facts::ModuleFacts;
use super::structure::shape;
use super::wording::{Pick, capital};
use crate::domains::verilog::types::Direction;

/// Bullets of expected behaviour in a prompt.
const MAX_BULLETS: usize = 5;
/// Lines of tool output in a prompt.
const MAX_LOG_LINES: usize = 14;
/// Characters of one line of tool output.
const MAX_LOG_WIDTH: usize = 220;

/// What a prompt is made of.
pub struct Parts<'a> {
    pub facts: &'a ModuleFacts,
    pub broken: &'a str,
    pub file: &'a str,
    pub platform: &'a str,
    /// The output that fails first; `None` where the file does not compile.
    pub symptom: Option<&'a str>,
    pub log: Vec<String>,
    /// The mismatch as a person would report it, e.g. "`full` is 0 at cycle 37, expected 1".
    pub report: String,
}

/// A message without the folders of the file that it names: `rtl/core/alu.v:3: …` is about `alu.v`.
fn bare(line: &str) -> String {
    match line.split_once(':') {
        Some((path, rest)) if path.contains('/') && !path.contains(char::is_whitespace) => {
            format!("{}:{rest}", path.rsplit('/').next().unwrap_or(path))
        }
        _ => line.to_string(),
    }
}

/// Tool output, cut to what fits; lines keep their order.
pub fn trim_log(lines: &[String]) -> Vec<String> {
    let clip = |l: &String| match l.char_indices().nth(MAX_LOG_WIDTH) {
        Some((at, _)) => format!("{} …", &l[..at]),
        None => l.clone(),
    };
    let lines: Vec<String> = lines.iter().filter(|l| !l.trim().is_empty()).map(|l| bare(l)).collect();
    let mut out: Vec<String> = lines
        .iter()
        .take(MAX_LOG_LINES)
        .map(|l| clip(l).trim_end().to_string())
        .collect();
    if lines.len() > MAX_LOG_LINES {
        out.push(format!("… ({} more lines)", lines.len() - MAX_LOG_LINES));
    }
    out
}

/// Behaviour of the failing output and of what is near it, in an order that does not point.
fn expectations(p: &Parts, pick: &mut Pick) -> String {
    let clear = |b: &Behaviour| b.clarity >= 0.9 && b.rules.len() <= 9 && (b.sentence.is_some() || !b.rules.is_empty());
    // What fails has to be specified, even where some of it stays code.
    let told = |b: &Behaviour| b.clarity > 0.0 && b.rules.len() <= 14 && (b.sentence.is_some() || !b.rules.is_empty());
    let all = needed(p.facts);
    let speaker = Speaker::new(p.facts);
    let mut chosen: Vec<(String, Behaviour)> = Vec::new();
    if let Some(s) = p.symptom
        && let Some(b) = speaker.behaviour(s).filter(|b| clear(b) || told(b))
    {
        let reads = b.reads.clone();
        chosen.push((s.to_string(), b));
        let near = all
            .iter()
            .filter(|(n, b)| reads.contains(n) && clear(b) && n != s && b.rules.len() <= 5)
            .take(2);
        chosen.extend(near.cloned());
    }
    let mut rest: Vec<_> = all
        .into_iter()
        .filter(|(n, b)| clear(b) && p.facts.port(n).is_some_and(|x| x.direction != Direction::Input))
        .filter(|(n, b)| !chosen.iter().any(|(c, _)| c == n) && b.rules.len() <= 5)
        .collect();
    pick.shuffle(&mut rest);
    rest.truncate(
        MAX_BULLETS
            .saturating_sub(chosen.len())
            .min(if p.symptom.is_some() { 2 } else { 3 }),
    );
    chosen.extend(rest);
    pick.shuffle(&mut chosen);
    chosen
        .iter()
        .map(|(n, b)| bullet(n, b))
        .collect::<String>()
        .trim_end()
        .to_string()
}

fn fence(language: &str, text: &str) -> String {
    let ticks = if text.contains("```") { "````" } else { "```" };
    format!("{ticks}{language}\n{}\n{ticks}", text.trim_end_matches('\n'))
}

/// The whole user turn.
pub fn prompt(p: &Parts, pick: &mut Pick) -> String {
    let simulated = p.symptom.is_some();
    let what = summary(p.facts, &shape(p.facts), pick);
    let spec = expectations(p, pick);
    let spec_with = |lead: &str| {
        if spec.is_empty() {
            String::new()
        } else {
            format!("{lead}\n{spec}\n\n")
        }
    };
    let code = fence("verilog", p.broken);
    let heading = if simulated {
        "Simulation (Icarus Verilog):"
    } else {
        "Compilation (Icarus Verilog):"
    };
    let log = format!("{heading}\n{}", fence("", &p.log.join("\n")));
    let (name, file, platform) = (tick(&p.facts.name), tick(p.file), p.platform);
    let report = &p.report;
    let ask = ask(simulated, p.symptom, &file, pick);
    let behave = pick.one(&[
        "Expected behaviour:",
        "It is meant to work like this:",
        "From the specification:",
        "What it has to do:",
        "Relevant requirements:",
        "The intended function, in short:",
    ]);
    match pick.below(13) {
        0 => format!("{what}\n\n{}{code}\n\n{log}\n\n{ask}", spec_with(behave)),
        1 => {
            let title = if simulated {
                format!("Bug: {report}")
            } else {
                format!("Bug: {file} does not compile")
            };
            format!(
                "**{title}**\n\nModule: {what}\n\n{}Source:\n\n{code}\n\n{log}\n\nEnvironment: {platform}\n\n{ask}",
                spec_with("Should:")
            )
        }
        2 => format!(
            "Our nightly job fails on {file}. The step that fails printed this.\n\n{log}\n\nAbout the module: {what}\n\n{}The file as committed:\n\n{code}\n\n{ask}",
            spec_with(behave)
        ),
        3 => format!(
            "I am reviewing {file} and want to be sure before I comment. {what}\n\n{}{code}\n\nI ran it with {platform}. {log}\n\n{ask}",
            spec_with("The description that came with it says:")
        ),
        4 => {
            let note = if simulated {
                format!("Bench notes for {name}: {report}.")
            } else {
                format!("Bench notes for {name}: no simulation yet, the build stops.")
            };
            format!(
                "{note}\n\n{log}\n\n{}Code under test:\n\n{code}\n\n{what} {ask}",
                spec_with("For reference, the specified behaviour:")
            )
        }
        5 => format!(
            "{code}\n\nThis is {file}. {what}\n\n{}Tool: {platform}.\n\n{log}\n\n{ask}",
            spec_with(behave)
        ),
        6 => format!("{ask}\n\n{what}\n\n{}{log}\n\n{code}", spec_with(behave)),
        7 => format!(
            "Task: make {file} meet its specification.\n\n1. Specification. {what}\n\n{}2. Present code:\n\n{code}\n\n3. {log}\n\n{ask}",
            spec_with("In detail:")
        ),
        8 => format!(
            "I took over {name} from a colleague. {what}\n\n{}Here is what I was given:\n\n{code}\n\n{log}\n\n{ask}",
            spec_with("As far as the documentation goes:")
        ),
        9 if simulated => format!(
            "A reference for {name} and this implementation part ways: {report}.\n\n{what}\n\n{}{code}\n\n{log}\n\n{ask}",
            spec_with("Both should behave as follows:")
        ),
        10 => format!(
            "{log}\n\nThe output above comes from {platform} on {file}, printed below. {what}\n\n{}{code}\n\n{ask}",
            spec_with(behave)
        ),
        11 => format!(
            "Can you help me with {name}? {what}\n\n{}My code:\n\n{code}\n\nWhat I get:\n\n{log}\n\n{ask}",
            spec_with("It should do the following:")
        ),
        _ => format!(
            "{what} {}\n\n{}{log}\n\n{file}:\n\n{code}\n\n{ask}",
            capital(&format!("{report}.")),
            spec_with("What was agreed:")
        ),
    }
}

fn ask(simulated: bool, symptom: Option<&str>, file: &str, pick: &mut Pick) -> String {
    if simulated {
        let s = symptom.map_or("the output".into(), tick);
        return pick.of(vec![
            "Find the cause and give me the corrected file.".into(),
            format!("Why does {s} differ? Please explain and post {file} with the fix applied."),
            format!("Which statement is responsible for what {s} does, and what should the whole file look like?"),
            "Explain the failure from the log, then show the complete corrected source.".into(),
            format!("What is wrong here? I need the full corrected {file}, not a patch."),
            "Debug this, please: root cause first, then the full source with the repair.".into(),
            format!("Trace {s} back to its origin and return the repaired code in full."),
            "Please repair it without changing the interface, and say why your change cures the mismatch.".into(),
            "Give the reason for the mismatch and the complete fixed file.".into(),
            format!("How do I get {s} right? Answer with an explanation and the whole file."),
        ]);
    }
    pick.of(vec![
        "Why does it not compile? Give me the corrected file.".into(),
        "What is the compiler complaining about? Please post the whole file, fixed.".into(),
        format!("Make {file} compile without changing what it does, and explain the error."),
        "Explain the message and show the complete corrected source.".into(),
        "I cannot see what is wrong. Which line is it, and what must the full file look like?".into(),
        "Please get this through the compiler: cause first, then the full source.".into(),
        format!("Return {file} in full with the error removed, and tell me what it was."),
        "What do I have to change? Answer with the reason and the complete file.".into(),
    ])
}
