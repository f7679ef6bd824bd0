//! Repair dialogues: broken code and what a tool said about it, answered by a diagnosis and the corrected file.

use super::behaviour::Speaker;
use super::english::tick;
use super::explain::{self, Case, Told};
use super::extract::facts;
use super::facts::ModuleFacts;
use super::place::{Place, locate};
use super::prompt::{Parts, prompt, trim_log};
use super::symptom::{self, Seen};
use super::wording::{Pick, capital};
use crate::chat::Message;
use crate::domains::verilog::types::{Mismatch, Mutation};

/// What a tool said about the broken file.
#[derive(Clone, Copy, Debug)]
pub enum Evidence<'a> {
    /// Lines of the compiler, as printed (`dut.v:41: syntax error`).
    Compile { log: &'a [String] },
    /// The testbench's findings.
    Simulation {
        /// In order; the first is the one that is explained.
        mismatches: &'a [Mismatch],
        /// Inputs when the first mismatch was sampled: (port, Verilog literal).
        inputs: &'a [(String, String)],
        /// Cycles simulated.
        cycles: u32,
        /// The log as printed; if empty, it is composed from the mismatches.
        log: &'a [String],
    },
}

/// All that a repair dialogue rests on.
#[derive(Clone, Copy, Debug)]
pub struct RepairInput<'a> {
    /// Facts of the *original* (correct) text.
    pub facts: &'a ModuleFacts,
    /// The corrected unit, as executed: the answer's code.
    pub original: &'a str,
    /// The same with the mutation applied.
    pub broken: &'a str,
    pub mutation: &'a Mutation,
    pub evidence: Evidence<'a>,
    /// The file's name without folders.
    pub file: &'a str,
    /// E.g. `Icarus Verilog 11, -g2012`.
    pub platform: &'a str,
    pub seed: u64,
}

/// The dialogue: a user and an assistant message. `None` where the evidence is empty, the broken text is not the
/// mutated original, or the change cannot be placed in the syntax tree: then nothing honest can be said.
pub fn repair(input: &RepairInput) -> Option<Vec<Message>> {
    let mu = input.mutation;
    let applied = [
        input.original.get(..mu.start)?,
        &mu.replacement,
        input.original.get(mu.end..)?,
    ]
    .concat();
    if applied != input.broken || input.broken == input.original {
        return None;
    }
    let place = locate(input.original, mu, input.facts)?;
    let mut pick = Pick::new(input.seed);
    let parts = parts(input)?;
    let user = prompt(&parts, &mut pick);
    let speaker = Speaker::new(input.facts);
    let broken = mu
        .semantic
        .then(|| facts(input.broken, &input.facts.name, &[]))
        .flatten();
    let case = Case {
        m: input.facts,
        speaker: &speaker,
        mutation: mu,
        place: &place,
        broken: broken.as_ref(),
    };
    let diagnosis = match input.evidence {
        Evidence::Compile { log } => compile(&case, log, &mut pick),
        Evidence::Simulation {
            mismatches,
            inputs,
            cycles,
            ..
        } => simulation(
            &case,
            &Seen {
                mismatches,
                inputs,
                cycles,
            },
            &mut pick,
        ),
    };
    let answer = format!(
        "{diagnosis}\n\n{}```verilog\n{}\n```",
        handing_over(input.file, &mut pick),
        input.original.trim_end_matches('\n')
    );
    Some(vec![Message::new("user", user), Message::new("assistant", answer)])
}

/// Characters of the user's turn, so that a caller can leave out what is too long to be read.
pub fn prompt_chars(messages: &[Message]) -> usize {
    messages.first().map_or(0, |m| m.content.chars().count())
}

fn parts<'a>(input: &RepairInput<'a>) -> Option<Parts<'a>> {
    let (symptom, log, report) = match input.evidence {
        Evidence::Compile { log } => (None, trim_log(log), "The compiler rejects it".to_string()),
        Evidence::Simulation {
            mismatches,
            inputs,
            cycles,
            log,
        } => {
            let x = mismatches.first()?;
            let log = if log.is_empty() {
                compose_log(mismatches, inputs, cycles)
            } else {
                trim_log(log)
            };
            let report = format!(
                "{} is {} at cycle {}, expected {}",
                tick(&x.signal),
                tick(&x.got),
                x.cycle,
                tick(&x.expected)
            );
            (Some(x.signal.as_str()), log, report)
        }
    };
    if log.is_empty() {
        return None;
    }
    let (facts, broken, file, platform) = (input.facts, input.broken, input.file, input.platform);
    Some(Parts {
        facts,
        broken,
        file,
        platform,
        symptom,
        log,
        report,
    })
}

/// A log in the testbench's words, where the caller has only its findings.
fn compose_log(mismatches: &[Mismatch], inputs: &[(String, String)], cycles: u32) -> Vec<String> {
    let mut out = Vec::new();
    let mut shown: Vec<&Mismatch> = Vec::new();
    for x in mismatches {
        // The two samples of one cycle often say the same.
        let same =
            |y: &&Mismatch| (y.cycle, &y.signal, &y.expected, &y.got) == (x.cycle, &x.signal, &x.expected, &x.got);
        if shown.len() < 8 && !shown.iter().any(same) {
            shown.push(x);
        }
    }
    for (i, x) in shown.into_iter().enumerate() {
        let mut line = format!("cycle {}: {} expected {}, got {}", x.cycle, x.signal, x.expected, x.got);
        if i == 0 && !inputs.is_empty() {
            let shown: Vec<String> = inputs.iter().take(10).map(|(n, v)| format!("{n}={v}")).collect();
            line.push_str(&format!(" ({})", shown.join(" ")));
        }
        out.push(line);
    }
    if let Some(x) = mismatches.first() {
        out.push(format!("first mismatch at cycle {} of {cycles}", x.cycle));
    }
    out
}

fn handing_over(file: &str, pick: &mut Pick) -> String {
    let f = tick(file);
    pick.of(vec![
        "Corrected file:\n\n".into(),
        format!("{f}, complete:\n\n"),
        "The whole file with the repair:\n\n".into(),
        "Here is the full source.\n\n".into(),
        format!("{f} then reads:\n\n"),
        "In full:\n\n".into(),
        String::new(),
        "Complete source after the change:\n\n".into(),
        "Nothing else needs to change:\n\n".into(),
    ])
}

/// Joins what is there, in paragraphs.
fn paragraphs(parts: &[&[&str]]) -> String {
    let mut out = Vec::new();
    for p in parts {
        let text: Vec<&str> = p.iter().copied().filter(|s| !s.is_empty()).collect();
        if !text.is_empty() {
            out.push(text.join(" "));
        }
    }
    out.join("\n\n")
}

fn simulation(c: &Case, seen: &Seen, pick: &mut Pick) -> String {
    let Told { fault, effect, cure } = explain::semantic(c, pick);
    let first = symptom::first(seen, pick);
    let signal = seen.mismatches.first().map_or("", |x| x.signal.as_str());
    let others = symptom::others(seen, pick)
        .filter(|_| pick.chance(45))
        .unwrap_or_default();
    let link = symptom::link(c.m, c.place, signal, pick).unwrap_or_default();
    let effect = match symptom::unknown(seen, &c.mutation.operator, pick) {
        Some(x) => format!("{effect} {x}").trim().to_string(),
        None => effect,
    };
    let worked = symptom::evaluated(c.m, c.place, seen, pick);
    let inputs = if worked.is_none() && pick.chance(50) {
        symptom::inputs(c.place, seen, pick)
    } else {
        None
    }
    .unwrap_or_default();
    let worked = worked.unwrap_or_default();
    let cured = symptom::cured(seen, pick);
    let (first, others, link, fault) = (first.as_str(), others.as_str(), link.as_str(), fault.as_str());
    let (effect, worked, inputs, cure, cured) = (
        effect.as_str(),
        worked.as_str(),
        inputs.as_str(),
        cure.as_str(),
        cured.as_str(),
    );
    match pick.below(6) {
        0 => paragraphs(&[&[first, others, inputs], &[link, fault, effect, worked], &[cure, cured]]),
        1 => paragraphs(&[&[fault, effect], &[first, link, inputs, worked], &[cure, cured]]),
        2 => paragraphs(&[&[first, link, fault, effect, inputs, worked, cure, cured]]),
        3 => paragraphs(&[&[first, inputs, link], &[fault, effect, worked, others], &[cure, cured]]),
        4 => paragraphs(&[&[first, fault], &[effect, link, worked, others], &[cure, cured]]),
        _ => {
            let steps: Vec<String> = [
                [first, inputs].join(" "),
                link.into(),
                [fault, effect].join(" "),
                worked.into(),
                [cure, cured].join(" "),
            ]
            .iter()
            .map(|s| s.trim().to_string())
            .filter(|s| !s.is_empty())
            .enumerate()
            .map(|(i, s)| format!("{}. {s}", i + 1))
            .collect();
            steps.join("\n")
        }
    }
}

/// The line that a compiler message names: `dut.v:41: syntax error` gives 41.
fn error_line(log: &[String]) -> Option<(u32, &str)> {
    log.iter().find_map(|l| {
        let mut fields = l.splitn(3, ':');
        let line = fields.nth(1)?.trim().parse().ok()?;
        Some((line, fields.next()?.trim()))
    })
}

fn compile(c: &Case, log: &[String], pick: &mut Pick) -> String {
    let Told { fault, effect, cure } = match c.mutation.semantic {
        // What the hardware would do is beside the point where there is none.
        true => Told {
            effect: String::new(),
            ..explain::semantic(c, pick)
        },
        false => explain::compile(c, pick),
    };
    let said = error_line(log)
        .map(|(n, text)| pointed(c.place, n, text, pick))
        .unwrap_or_default();
    let (said, fault, effect, cure) = (said.as_str(), fault.as_str(), effect.as_str(), cure.as_str());
    match pick.below(4) {
        0 => paragraphs(&[&[said, fault, effect], &[cure]]),
        1 => paragraphs(&[&[fault, effect, said], &[cure]]),
        2 => paragraphs(&[&[fault, said, effect, cure]]),
        _ => paragraphs(&[&[said], &[fault, effect, cure]]),
    }
}

/// How the reported line and the faulty one relate.
fn pointed(place: &Place, reported: u32, text: &str, pick: &mut Pick) -> String {
    let text = tick(text.trim_end_matches('.'));
    let away = reported.abs_diff(place.line);
    let lines = if away == 1 {
        "one line".to_string()
    } else {
        format!("{away} lines")
    };
    if place.gone && reported == place.line {
        return pick.of(vec![
            format!("Icarus says {text} at line {reported}, the first place after the gap."),
            format!("The message names line {reported} ({text}), where the missing text is noticed."),
        ]);
    }
    capital(&match reported.cmp(&place.line) {
        std::cmp::Ordering::Equal => pick.of(vec![
            format!("Icarus stops at line {reported} ({text}), and that is the right place to look."),
            format!("the first message, {text} at line {reported}, names the line itself."),
            format!("the compiler says {text} for line {reported}."),
            format!("line {reported} is where the parser gives up: {text}."),
        ]),
        std::cmp::Ordering::Greater => pick.of(vec![
            format!("Icarus reports {text} at line {reported}, {lines} after the actual mistake."),
            format!("the message ({text}) points at line {reported}; the cause stands {lines} earlier."),
            format!("at line {reported} the parser meets something that it cannot fit in: {text}. The reason lies further up."),
            format!("line {reported} is only where the compiler notices ({text})."),
        ]),
        std::cmp::Ordering::Less => pick.of(vec![
            format!("Icarus reports {text} at line {reported}, {lines} before the place that has to change."),
            format!("the compiler complains about line {reported} ({text}), but the line to repair is further down."),
        ]),
    })
}
