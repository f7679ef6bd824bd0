//! From a completion of an outside task to a verdict: whose fault a failure is, and what it is called.

use super::check::{ExternalCheck, Simulator};
use super::conduct;
use super::said::{Said, own_words, said};
use super::steps::{MISREAD, WAVE_BYTES};
use super::suite::{Part, Suite};
use super::synthesis::{self, Equivalence, Synthesis};
use super::{lex, wave};
use crate::domains::verilog::judge::{ended_verdict, our_fault, tidy_log};
use crate::model::{FailReason, VerdictKind};
use crate::worker::Ruling;
use sandboxes::{Completion, Status, StepResult};
use serde_json::{Value, json};

/// Compiler messages kept in the metrics.
const MESSAGES: usize = 20;

/// Judges a completion; the error is ours, or the task's, and never the candidate's.
pub fn rule(suite: &Suite, check: &ExternalCheck, done: &Completion) -> Result<Ruling, String> {
    Judge { suite, check, done }.rule()
}

struct Judge<'a> {
    suite: &'a Suite,
    check: &'a ExternalCheck,
    done: &'a Completion,
}

impl Judge<'_> {
    fn rule(&self) -> Result<Ruling, String> {
        self.tools_ran()?;
        if self
            .step("lay_out")
            .is_some_and(|s| matches!(s.status, Status::Exit(n) if n != 0))
        {
            return Err("the task's files could not be laid out for the simulation".into());
        }
        let Some((engine, run)) = self.simulation() else {
            return self.ended_before().unwrap_or_else(|| self.refused());
        };
        if let Some(ended) = self.done.ended.filter(|_| run.status == Status::Killed) {
            let verdict = ended_verdict(ended, self.done)?;
            return Ok(self.with(
                engine,
                fail(
                    verdict.reason.unwrap_or(FailReason::Timeout),
                    verdict.metrics,
                    tidy_log(&run.log),
                ),
            ));
        }
        let ruling = self.simulated(engine, run)?;
        let ruling = match ruling.verdict {
            VerdictKind::Pass => self.beyond(ruling)?,
            _ => self.recorded(ruling),
        };
        Ok(self.with(engine, ruling))
    }

    fn step(&self, name: &str) -> Option<&StepResult> {
        self.done
            .steps
            .iter()
            .find(|s| s.name == name && s.status != Status::NotRun)
    }

    /// A tool that is not there says nothing of anyone.
    fn tools_ran(&self) -> Result<(), String> {
        for (step, tool) in [
            ("compile", "iverilog"),
            ("simulate", "vvp"),
            ("verilate", "verilator"),
            ("simulate_verilator", "the simulation"),
            ("alone_icarus", "iverilog"),
            ("alone_verilator", "verilator"),
            ("synthesize", "yosys"),
            ("prepare", "yosys"),
            ("prove", "yosys"),
        ] {
            if let Some(fault) = self.step(step).and_then(|s| our_fault(self.done, s, tool)) {
                return Err(fault);
            }
        }
        Ok(())
    }

    /// The run that decides, and what ran it.
    fn simulation(&self) -> Option<(&'static str, &StepResult)> {
        let built = |name| self.step(name).is_some_and(|s| s.status == Status::Exit(0));
        if built("compile") {
            return Some(("icarus", self.step("simulate")?));
        }
        built("verilate").then(|| Some(("verilator", self.step("simulate_verilator")?)))?
    }

    /// A limit that ended the job before anything was simulated.
    fn ended_before(&self) -> Option<Result<Ruling, String>> {
        let ended = self.done.ended?;
        Some(ended_verdict(ended, self.done).map(|v| {
            let log = self.done.steps.iter().rev().find(|s| s.status == Status::Killed);
            fail(
                v.reason.unwrap_or(FailReason::Timeout),
                v.metrics,
                log.map_or(String::new(), |s| tidy_log(&s.log)),
            )
        }))
    }

    /// No simulator took the whole: is it the candidate, the task, or are we short of a simulator?
    fn refused(&self) -> Result<Ruling, String> {
        if self.step("verilate").is_some_and(|s| s.status == Status::Exit(3)) {
            return Err("verilator took the files, but what it made of them does not compile".into());
        }
        let tools: Vec<Tool> = [
            ("icarus", "compile", "alone_icarus"),
            ("verilator", "verilate", "alone_verilator"),
        ]
        .into_iter()
        .filter_map(|(name, whole, alone)| {
            Some(Tool {
                name,
                whole: self.step(whole)?,
                alone: self.step(alone)?,
            })
        })
        // It took the files for something else.
        .filter(|tool| tool.whole.status != Status::Exit(MISREAD))
        .collect();
        if tools.is_empty() && self.step("compile").is_some_and(|s| s.status == Status::Exit(MISREAD)) {
            return Err(
                "icarus makes wires of imported names in these files, and no other simulator was to be asked".into(),
            );
        }
        if tools.is_empty() {
            return Err("the completion lacks the steps that tell whose fault a refusal is".into());
        }
        let foreign: Vec<Option<String>> = tools.iter().map(|t| t.refuses_task(self.suite)).collect();
        if let Some(first) = foreign.iter().flatten().next()
            && foreign.iter().all(Option::is_some)
        {
            let names: Vec<&str> = tools.iter().map(|t| t.name).collect();
            return Err(format!(
                "the task's own files are refused by {}: {first}",
                names.join(" and by ")
            ));
        }
        let takes = |t: &Tool| t.alone.status == Status::Exit(0);
        let both = tools
            .iter()
            .zip(&foreign)
            .find(|(t, foreign)| takes(t) && foreign.is_none());
        let (log, fits) = match (both, tools.iter().find(|t| takes(t))) {
            // It compiles alone, so what is wrong lies between it and the testbench: its interface.
            (Some((tool, _)), _) => (tidy_log(&tool.whole.log), true),
            (None, Some(tool)) => {
                return Err(format!(
                    "only {} takes the candidate, and it does not take the testbench: no simulator here runs both",
                    tool.name
                ));
            }
            (None, None) => {
                let understood = tools.iter().any(Tool::understood);
                if let Some(what) = tools.iter().find_map(Tool::unsupported).filter(|_| !understood) {
                    return Err(format!("legal SystemVerilog that no simulator here reads: {what}"));
                }
                (tidy_log(&tools[0].alone.log), false)
            }
        };
        let messages: Vec<&str> = log.lines().filter(|l| !l.trim().is_empty()).take(MESSAGES).collect();
        let metrics =
            json!({"engine": tools[0].name, "compiled": false, "interface_changed": fits, "messages": messages});
        Ok(fail(FailReason::CompileError, metrics, log))
    }

    /// What the simulation's log says.
    fn simulated(&self, engine: &str, run: &StepResult) -> Result<Ruling, String> {
        let patterns = self.check.patterns().map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&run.log);
        let log = tidy_log(&run.log);
        if let Some(ruling) = self.not_runnable(&text, &log) {
            return ruling;
        }
        if let Some(path) = self.missing_data(&text) {
            return Err(format!("the testbench reads `{path}`, which the task does not bring"));
        }
        let (text, stopped) = match engine {
            "verilator" => own_words(&text),
            _ => (text.into_owned(), false),
        };
        let status = if stopped { Status::Exit(0) } else { run.status.clone() };
        let refused = conduct::refusals(self.suite, &patterns);
        Ok(match said(&patterns, &text, &status) {
            Said::Passed(line) if !refused.is_empty() => {
                fail(FailReason::BadOutput, json!({"line": line, "refused": refused}), log)
            }
            Said::Passed(line) => Ruling {
                verdict: VerdictKind::Pass,
                reason: None,
                metrics: json!({"line": line}),
                log,
            },
            Said::Failed(reason, line) => fail(reason, json!({"line": line}), log),
        })
    }

    /// vvp refuses a program whose system tasks it does not know: nothing was simulated.
    fn not_runnable(&self, text: &str, log: &str) -> Option<Result<Ruling, String>> {
        if !text.lines().any(|l| l.contains(": Program not runnable, ")) {
            return None;
        }
        let task = text.lines().find_map(|l| {
            let (_, rest) = l.split_once("System task/function ")?;
            rest.split_whitespace().next()
        });
        let Some(task) = task else {
            return Some(Err(format!(
                "vvp does not run the program: {}",
                text.lines().next().unwrap_or("")
            )));
        };
        let task = task.trim_end_matches("()");
        let used = |part| {
            self.suite
                .of(&[part])
                .any(|f| lex::tokens(&f.text).iter().any(|t| t.text == task))
        };
        if used(Part::Candidate) {
            let metrics = json!({"compiled": false, "messages": [format!("{task} is no system task")]});
            return Some(Ok(fail(FailReason::CompileError, metrics, log.to_string())));
        }
        Some(Err(format!("the task's files call {task}, which icarus does not have")))
    }

    /// A file that the simulation could not open, unless only the candidate asks for it.
    fn missing_data(&self, text: &str) -> Option<String> {
        let opened = text.lines().filter_map(|l| {
            if let Some(rest) = l.strip_prefix("%Warning: ") {
                return rest.strip_suffix(":0: $readmem file not found").map(str::to_string);
            }
            let (_, rest) = l.split_once("Unable to open ")?;
            rest.strip_suffix(" for reading.").map(str::to_string)
        });
        let mentions = |part, path: &str| self.suite.of(&[part]).any(|f| f.text.contains(path));
        opened
            .filter(|path| !mentions(Part::Candidate, path))
            .find(|path| mentions(Part::Testbench, path) || mentions(Part::Support, path))
    }

    /// What the check asks for beyond the testbench, of a candidate that passed it.
    fn beyond(&self, mut ruling: Ruling) -> Result<Ruling, String> {
        if self.check.synthesizable {
            let step = self.finished("synthesize")?;
            match synthesis::synthesis(self.suite, step) {
                Synthesis::Hardware(found) => ruling.metrics["synthesis"] = Value::Object(found),
                Synthesis::Not(why) => {
                    return Ok(fail(
                        FailReason::NotSynthesizable,
                        json!({"why": why}),
                        format!("{why}\n"),
                    ));
                }
                Synthesis::Unknown(why) => return Err(format!("whether it can be synthesised is unknown: {why}")),
            }
        }
        if self.check.equivalence {
            let (prepare, prove) = (self.finished("prepare")?, self.finished("prove")?);
            match synthesis::equivalence(prepare, prove) {
                Equivalence::Proved => ruling.metrics["equivalence"] = json!({"outcome": "proved"}),
                Equivalence::Bounded => {
                    ruling.metrics["equivalence"] = json!({"outcome": "bounded", "steps": synthesis::STEPS});
                }
                Equivalence::Refuted(inputs) => {
                    let rows: Vec<&str> = inputs.lines().collect();
                    let metrics = json!({"equivalence": {"outcome": "refuted", "inputs": rows}});
                    return Ok(fail(FailReason::NotEquivalent, metrics, inputs));
                }
                Equivalence::Unknown(why) => return Err(format!("equivalence is unknown: {why}")),
            }
        }
        Ok(ruling)
    }

    /// A step of a second oracle; one that a limit ended decides nothing.
    fn finished(&self, name: &str) -> Result<&StepResult, String> {
        let step = self.step(name).filter(|s| s.status != Status::Killed);
        step.ok_or_else(|| format!("`{name}` was not decided within the limits of the job"))
    }

    /// Adds the waveform around the first mismatch.
    fn recorded(&self, mut ruling: Ruling) -> Ruling {
        let Some(step) = self
            .step("wave")
            .filter(|s| s.log.len() <= WAVE_BYTES && s.log.starts_with(b"$"))
        else {
            return ruling;
        };
        let line = ruling.metrics["line"].as_str().unwrap_or("").to_string();
        let rows = wave::slice(self.suite, &String::from_utf8_lossy(&step.log), &line);
        if !rows.is_empty() {
            ruling.log = format!(
                "{}\n\nwaveform around the first mismatch:\n{}",
                ruling.log,
                rows.join("\n")
            );
            ruling.metrics["waveform"] = json!(rows);
        }
        ruling
    }

    fn with(&self, engine: &str, mut ruling: Ruling) -> Ruling {
        if let Some(metrics) = ruling.metrics.as_object_mut() {
            metrics.insert("engine".into(), engine.into());
            if engine == "verilator" && self.check.simulator == Simulator::Auto {
                metrics.insert("icarus_refused".into(), true.into());
            }
        }
        ruling
    }
}

fn fail(reason: FailReason, metrics: Value, log: String) -> Ruling {
    Ruling {
        verdict: VerdictKind::Fail,
        reason: Some(reason),
        metrics,
        log,
    }
}

/// A simulator that refused the whole.
struct Tool<'a> {
    name: &'static str,
    /// Testbench and candidate together.
    whole: &'a StepResult,
    /// The candidate with its support.
    alone: &'a StepResult,
}

impl Tool<'_> {
    /// A complaint about the task's own files that no candidate could have caused.
    fn refuses_task(&self, suite: &Suite) -> Option<String> {
        const CERTAIN: &[&str] = &[
            "syntax error",
            "sorry:",
            "Include file ",
            "malformed",
            "Invalid module",
            "nsupported",
            "Cannot find include file",
            "unknown PLI call",
            "I give up",
        ];
        let own: Vec<String> = suite
            .of(&[Part::Support, Part::Testbench, Part::Reference])
            .map(|f| format!("/job/in/{}:", f.path))
            .collect();
        let log = String::from_utf8_lossy(&self.whole.log);
        // One of Icarus's apologies is but a warning.
        let warning = |l: &str| l.contains("sorry: constant selects");
        let certain = |l: &&str| {
            !warning(l) && CERTAIN.iter().any(|c| l.contains(c)) && own.iter().any(|path| l.contains(path.as_str()))
        };
        log.lines().find(certain).map(|l| l.replace("/job/in/", ""))
    }

    /// Whether Icarus could read the candidate and found it wrong: no want of a feature of ours.
    fn understood(&self) -> bool {
        let log = String::from_utf8_lossy(&self.alone.log);
        let short = ["syntax error", "sorry:", "nsupported", "not supported", "I give up"];
        self.name == "icarus" && log.contains("error:") && !short.iter().any(|s| log.contains(s))
    }

    /// What Verilator knows to be legal and does not support, where it has no other complaint.
    fn unsupported(&self) -> Option<String> {
        if self.name != "verilator" {
            return None;
        }
        let log = String::from_utf8_lossy(&self.alone.log);
        let errors: Vec<&str> = log
            .lines()
            .filter(|l| l.starts_with("%Error") && !l.contains("Exiting due to"))
            .collect();
        let known = |l: &&str| l.starts_with("%Error-UNSUPPORTED") || l.contains(": Unsupported: ");
        (!errors.is_empty() && errors.iter().all(known)).then(|| errors[0].replace("/job/in/", ""))
    }
}
