//! Repair dialogues: broken code and what a tool said about it, answered by a diagnosis and the corrected file.

use super::behaviour::Speaker;
use super::english::tick;
use super::explain::{self, Case, Told};
use super::extract::facts;
use super::facts::ModuleFacts;
use super::place::{Place, locate};
use super::prompt::{Parts, prompt, trim_log};
use super::symptom::{self, Seen};
use super::trace::sources;
use super::wording::{Pick, capital};
use crate::chat::Message;
use crate::domains::verilog::types::{Mismatch, Mutation};

/// Mismatches in a log.
const MAX_MISMATCHES: usize = 8;
/// Inputs that a log shows with the first mismatch.
const MAX_INPUTS: usize = 10;

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
        original: input.original,
        broken: broken.as_ref(),
    };
    let diagnosis = match input.evidence {
        Evidence::Compile { .. } => compile(&case, &parts.log, input.file, &mut pick)?,
        Evidence::Simulation {
            mismatches,
            inputs,
            cycles,
            ..
        } => {
            let mismatches = &shown_of(mismatches);
            let inputs = &relevant(input.facts, &mismatches.first()?.signal, inputs);
            let seen = Seen {
                mismatches,
                inputs,
                cycles,
            };
            simulation(&case, &seen, &mut pick)?
        }
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
                let shown = relevant(input.facts, &x.signal, inputs);
                compose_log(&shown_of(mismatches), &shown, cycles)
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

/// The mismatches that a log has room for.
fn shown_of(mismatches: &[Mismatch]) -> Vec<Mismatch> {
    let mut shown: Vec<Mismatch> = Vec::new();
    for x in mismatches {
        // The two samples of one cycle often say the same.
        let same =
            |y: &Mismatch| (y.cycle, &y.signal, &y.expected, &y.got) == (x.cycle, &x.signal, &x.expected, &x.got);
        if shown.len() < MAX_MISMATCHES && !shown.iter().any(same) {
            shown.push(x.clone());
        }
    }
    shown
}

/// The inputs that a log has room for, in their order: those on which the signal depends most directly.
fn relevant(m: &ModuleFacts, signal: &str, inputs: &[(String, String)]) -> Vec<(String, String)> {
    if inputs.len() <= MAX_INPUTS {
        return inputs.to_vec();
    }
    let sources = sources(m);
    // Nearest first.
    let mut near: Vec<String> = vec![signal.to_string()];
    let mut at = 0;
    while at < near.len() {
        let from = sources.get(&near[at]).into_iter().flatten();
        let new: Vec<String> = from.filter(|n| !near.contains(n)).cloned().collect();
        near.extend(new);
        at += 1;
    }
    let rank = |n: &String| near.iter().position(|x| x == n).unwrap_or(usize::MAX);
    let mut order: Vec<usize> = (0..inputs.len()).collect();
    order.sort_by_key(|i| rank(&inputs[*i].0));
    order.truncate(MAX_INPUTS);
    order.sort();
    order.into_iter().map(|i| inputs[i].clone()).collect()
}

/// A log in the testbench's words, where the caller has only its findings.
fn compose_log(shown: &[Mismatch], inputs: &[(String, String)], cycles: u32) -> Vec<String> {
    let mut out = Vec::new();
    // A signal may be wrong before the edge and, in another way, after it: then the log says which is meant.
    let twice = |x: &Mismatch| {
        shown
            .iter()
            .any(|y| (y.cycle, &y.signal) == (x.cycle, &x.signal) && y != x)
    };
    let tagged = shown.iter().any(twice);
    for (i, x) in shown.iter().enumerate() {
        let when = match x.phase.as_str() {
            "before_edge" if tagged => " (before the edge)",
            "after_edge" if tagged => " (after the edge)",
            _ => "",
        };
        let mut line = format!(
            "cycle {}{when}: {} expected {}, got {}",
            x.cycle, x.signal, x.expected, x.got
        );
        if i == 0 && !inputs.is_empty() {
            let shown: Vec<String> = inputs.iter().map(|(n, v)| format!("{n}={v}")).collect();
            line.push_str(&format!(" ({})", shown.join(" ")));
        }
        out.push(line);
    }
    if let Some(x) = shown.first() {
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

fn simulation(c: &Case, seen: &Seen, pick: &mut Pick) -> Option<String> {
    let Told { fault, effect, cure } = explain::semantic(c, pick)?;
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
    Some(match pick.below(6) {
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
    })
}

/// The file and line that a compiler message names: `dut.v:41: syntax error` gives `dut.v`, 41.
fn error_line(log: &[String]) -> Option<(&str, u32, &str)> {
    log.iter().find_map(|l| {
        let mut fields = l.splitn(3, ':');
        let file = fields.next()?.trim();
        let line = fields.next()?.trim().parse().ok()?;
        let text = fields.next()?.trim();
        Some((file, line, text.strip_prefix("error:").unwrap_or(text).trim()))
    })
}

fn compile(c: &Case, log: &[String], file: &str, pick: &mut Pick) -> Option<String> {
    let Told { fault, effect, cure } = match c.mutation.semantic {
        // What the hardware would do is beside the point where there is none.
        true => Told {
            effect: String::new(),
            ..explain::semantic(c, pick)?
        },
        false => explain::compile(c, pick),
    };
    let said = error_line(log)
        .map(|(at, n, text)| match at == file {
            true => pointed(c.place, n, text, pick),
            false => elsewhere(at, n, text, pick),
        })
        .unwrap_or_default();
    let (said, fault, effect, cure) = (said.as_str(), fault.as_str(), effect.as_str(), cure.as_str());
    Some(match pick.below(4) {
        0 => paragraphs(&[&[said, fault, effect], &[cure]]),
        1 => paragraphs(&[&[fault, effect, said], &[cure]]),
        2 => paragraphs(&[&[fault, said, effect, cure]]),
        _ => paragraphs(&[&[said], &[fault, effect, cure]]),
    })
}

/// A message about another file of the design.
fn elsewhere(at: &str, reported: u32, text: &str, pick: &mut Pick) -> String {
    let (at, text) = (tick(at), tick(text.trim_end_matches('.')));
    pick.of(vec![
        format!("The message names {at} (line {reported}: {text}), but that file only suffers from what this one asks of it."),
        format!("Icarus stops in {at} at line {reported} ({text}); the cause lies here, where it is instantiated."),
    ])
}

/// How the reported line and the faulty one relate.
fn pointed(place: &Place, reported: u32, text: &str, pick: &mut Pick) -> String {
    let parser = text.to_ascii_lowercase().contains("syntax error");
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
            match parser {
                true => format!("line {reported} is where the parser gives up: {text}."),
                false => format!("line {reported} is the one that Icarus rejects: {text}."),
            },
        ]),
        std::cmp::Ordering::Greater => pick.of(vec![
            format!("Icarus reports {text} at line {reported}, {lines} after the actual mistake."),
            format!("the message ({text}) points at line {reported}; the cause stands {lines} earlier."),
            match parser {
                true => format!("at line {reported} the parser meets something that it cannot fit in: {text}. The reason lies further up."),
                false => format!("what Icarus objects to stands on line {reported} ({text}), the reason further up."),
            },
            format!("line {reported} is only where the compiler notices ({text})."),
        ]),
        std::cmp::Ordering::Less => pick.of(vec![
            format!("Icarus reports {text} at line {reported}, {lines} before the place that has to change."),
            format!("the compiler complains about line {reported} ({text}), but the line to repair is further down."),
        ]),
    })
}
