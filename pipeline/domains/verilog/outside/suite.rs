//! The files of a task from outside, as a simulator needs them: in order, cleaned, each with its part.
//!
//! - Sources are cleaned of what stops tools and means nothing: a byte order mark (Icarus skips the whole file), CR at
//!   the ends of lines, a last line that does not end.
//! - Packages (and macros) come before what uses them. Else the order is support, testbench, reference, candidate: what a
//!   candidate defines cannot change what it is judged by, and it gets the testbench's `timescale` if it has none.
//! - What another file includes is not compiled by itself.
//! - A reference that declares what the candidate must declare takes the candidate's place, and is left out; one that
//!   the testbench compares with is compiled beside it.

use super::check::{ExternalCheck, ExternalError};
use super::lex::{self, Kind, Token};
use crate::recipe::tasks::{CandidateFile, Role, TaskFile};
use sandboxes::JobFile;
use std::collections::BTreeSet;

/// Where the files lie in a job.
pub const IN: &str = "/job/in/";
/// The harness's own files, beside the task's.
const OWN: &str = "assay_own/";

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Support,
    Testbench,
    Reference,
    Candidate,
    /// Not used by this domain.
    Other,
}

#[derive(Clone, Debug)]
pub struct File {
    pub path: String,
    pub text: String,
    pub part: Part,
    /// Given to the compiler, and not only there to be found.
    pub compiled: bool,
}

/// A task's files.
#[derive(Debug)]
pub struct Suite {
    /// In compilation order.
    pub files: Vec<File>,
    /// The testbench's top modules; empty where they cannot be told, and the simulator looks for them itself.
    pub tops: Vec<String>,
    /// The design under test: the candidate's module that the testbench uses, where it is only one.
    pub dut: Option<String>,
    /// The instances of the design under test in the testbench.
    pub instances: Vec<String>,
    /// Whether the testbench compares with the reference, so that both are simulated.
    pub compared: bool,
}

impl Suite {
    pub fn new(given: &[TaskFile], candidate: &[CandidateFile], check: &ExternalCheck) -> Result<Suite, ExternalError> {
        let mut files = read(given, candidate)?;
        leave_out_included(&mut files);
        let order = order(&files);
        let files: Vec<File> = order.into_iter().map(|i| files[i].clone()).collect();
        let mut suite = Suite {
            files,
            tops: Vec::new(),
            dut: None,
            instances: Vec::new(),
            compared: false,
        };
        suite.find_tops(check);
        suite.find_dut(check);
        Ok(suite)
    }

    pub fn of(&self, parts: &[Part]) -> impl Iterator<Item = &File> {
        let parts = parts.to_vec();
        self.files.iter().filter(move |f| parts.contains(&f.part))
    }

    /// Names of modules (and other units) that the parts declare.
    pub fn declared(&self, parts: &[Part]) -> BTreeSet<String> {
        self.of(parts).flat_map(|f| declared(&f.text)).collect()
    }

    /// The parts of a simulation.
    pub fn simulated(&self) -> &'static [Part] {
        if self.compared {
            &[Part::Support, Part::Testbench, Part::Reference, Part::Candidate]
        } else {
            &[Part::Support, Part::Testbench, Part::Candidate]
        }
    }

    /// Whether all sources are Verilog by their names, none SystemVerilog.
    pub fn is_old(&self) -> bool {
        self.files
            .iter()
            .filter(|f| f.compiled)
            .all(|f| f.path.to_ascii_lowercase().ends_with(".v"))
    }

    /// Whether a source imports the names of a package.
    pub fn imports(&self) -> bool {
        let mut compiled = self.files.iter().filter(|f| f.compiled);
        compiled.any(|f| lex::tokens(&f.text).iter().any(|t| t.is("import")))
    }

    /// Absolute paths to compile, in order; among them files of the harness's own, which mend what one file's
    /// directives do to the next.
    pub fn sources(&self, parts: &[Part]) -> Vec<String> {
        let compiled: Vec<&File> = self.of(parts).filter(|f| f.compiled).collect();
        let mut paths = Vec::new();
        let has = |f: &File, word: &str| lex::tokens(&f.text).iter().any(|t| t.is(word));
        // One file without a time scale among others that have one would count in seconds.
        let mixed = compiled.iter().any(|f| has(f, "`timescale"));
        if mixed && compiled.first().is_some_and(|f| !has(f, "`timescale")) {
            paths.push(format!("{IN}{OWN}timescale.v"));
        }
        let mut strict = false;
        for file in compiled {
            if strict && file.part == Part::Candidate {
                paths.push(format!("{IN}{OWN}nettype.v"));
                strict = false;
            }
            strict |= file.part != Part::Candidate && has(file, "`default_nettype");
            paths.push(format!("{IN}{}", file.path));
        }
        paths
    }

    /// Every folder that has files: included files are looked for in all of them.
    pub fn folders(&self) -> Vec<String> {
        let mut seen = BTreeSet::from([""]);
        seen.extend(self.files.iter().map(|f| folder(&f.path)));
        seen.iter()
            .map(|d| format!("{IN}{d}").trim_end_matches('/').to_string())
            .collect()
    }

    /// The testbench's folder and others with files that no compiler reads and the simulation may want to open; none
    /// where there is no such file.
    pub fn data_folders(&self) -> Vec<String> {
        let bench = self.of(&[Part::Testbench]).map(|f| folder(&f.path)).take(1);
        let data = self
            .files
            .iter()
            .filter(|f| !is_source(&f.path) && !is_header(&f.path))
            .map(|f| folder(&f.path));
        let data: BTreeSet<&str> = data.collect();
        if data.is_empty() {
            return Vec::new();
        }
        let mut seen = BTreeSet::new();
        bench
            .chain(data)
            .filter(|f| seen.insert(*f))
            .map(String::from)
            .collect()
    }

    pub fn job_files(&self) -> Vec<JobFile> {
        let own = [
            ("timescale.v", "`timescale 1ns/1ps\n".to_string()),
            ("nettype.v", "`default_nettype wire\n".to_string()),
            ("wave.v", self.wave()),
        ];
        let own = own.map(|(name, content)| JobFile {
            path: format!("{OWN}{name}"),
            content,
        });
        let task = self.files.iter().map(|f| JobFile {
            path: f.path.clone(),
            content: f.text.clone(),
        });
        task.chain(own).collect()
    }

    /// A top module that records the signals of the testbench and of what it instantiates.
    fn wave(&self) -> String {
        let dumps: String = self.tops.iter().map(|t| format!(" $dumpvars(2, {t});")).collect();
        format!("module assay_wave; initial begin $dumpfile(\"assay.vcd\");{dumps} end endmodule\n")
    }

    /// The harness's module for a second, recorded run.
    pub fn wave_path(&self) -> String {
        format!("{IN}{OWN}wave.v")
    }

    /// The testbench's modules that nothing instantiates; where `check.top` is one of the testbench's, that one.
    fn find_tops(&mut self, check: &ExternalCheck) {
        let own: Vec<String> = self
            .of(&[Part::Testbench])
            .flat_map(|f| {
                let tokens = lex::tokens(&f.text);
                let runs = |u: &&lex::Unit| matches!(u.keyword, "module" | "macromodule" | "program");
                lex::units(&tokens)
                    .iter()
                    .filter(runs)
                    .map(|u| u.name.to_string())
                    .collect::<Vec<_>>()
            })
            .collect();
        if let Some(top) = check.top.as_ref().filter(|t| own.contains(t)) {
            self.tops = vec![top.clone()];
            return;
        }
        let made = self.made(&[Part::Testbench, Part::Support, Part::Reference]);
        self.tops = own
            .into_iter()
            .filter(|n| !made.iter().any(|(unit, _)| unit == n))
            .collect();
    }

    /// Pairs of unit and instance in the parts' texts.
    fn made(&self, parts: &[Part]) -> BTreeSet<(String, String)> {
        self.of(parts)
            .flat_map(|f| {
                let tokens = lex::tokens(&f.text);
                let pairs = lex::instances(&tokens);
                pairs
                    .into_iter()
                    .map(|(u, i)| (u.to_string(), i.to_string()))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    fn find_dut(&mut self, check: &ExternalCheck) {
        let candidate = self.declared(&[Part::Candidate]);
        let reference = self.declared(&[Part::Reference]);
        let made = self.made(&[Part::Testbench, Part::Support]);
        let used: BTreeSet<&String> = made
            .iter()
            .map(|(unit, _)| unit)
            .filter(|u| candidate.contains(*u))
            .collect();
        let stands_in = check
            .top
            .as_ref()
            .is_some_and(|t| reference.contains(t) && candidate.contains(t));
        // The testbench uses something of the candidate's that the reference does not declare: it needs both.
        let needs_both = candidate.is_disjoint(&reference) || used.iter().any(|u| !reference.contains(*u));
        let named = check.top.as_ref().filter(|t| candidate.contains(*t));
        let only = (used.len() == 1).then(|| used.first().copied()).flatten();
        let sole = (candidate.len() == 1).then(|| candidate.first()).flatten();
        let dut = named.or(only).or(sole).cloned();
        let of_dut = made.iter().filter(|(unit, _)| Some(unit) == dut.as_ref());
        let instances = of_dut.map(|(_, instance)| instance.clone()).collect();
        (self.compared, self.dut, self.instances) = (!stands_in && needs_both, dut, instances);
    }
}

fn read(given: &[TaskFile], candidate: &[CandidateFile]) -> Result<Vec<File>, ExternalError> {
    let part = |role: Role| match role {
        Role::Testbench => Part::Testbench,
        Role::Reference => Part::Reference,
        Role::Support => Part::Support,
        Role::Baseline => Part::Other,
    };
    let given = given.iter().map(|f| (&f.path, &f.content, part(f.role)));
    let candidate = candidate.iter().map(|f| (&f.path, &f.content, Part::Candidate));
    let mut files: Vec<File> = Vec::new();
    for (path, content, part) in given.chain(candidate) {
        if path.starts_with(OWN) || files.iter().any(|f| f.path == *path) {
            return Err(ExternalError::SamePath(path.clone()));
        }
        let read_by_tools = is_source(path) || is_header(path);
        files.push(File {
            path: path.clone(),
            text: if read_by_tools { clean(content) } else { content.clone() },
            part,
            compiled: is_source(path),
        });
    }
    for (part, role) in [(Part::Candidate, "candidate"), (Part::Testbench, "testbench")] {
        let of_part = || files.iter().filter(|f| f.part == part);
        if of_part().next().is_none() {
            return Err(ExternalError::FileMissing(role));
        }
        if !of_part().any(|f| f.compiled) {
            let path = of_part().next().map(|f| f.path.clone()).unwrap_or_default();
            return Err(ExternalError::NotVerilog { path, role });
        }
    }
    Ok(files)
}

/// Files that others include are only there to be found. What a candidate includes of the testbench's stays as it is.
fn leave_out_included(files: &mut [File]) {
    let names: Vec<(String, Part)> = files
        .iter()
        .flat_map(|f| {
            let tokens = lex::tokens(&f.text);
            lex::included(&tokens)
                .into_iter()
                .map(|n| (base(n), f.part))
                .collect::<Vec<_>>()
        })
        .collect();
    for file in files.iter_mut() {
        let reaches = |part: Part| part != Part::Candidate || matches!(file.part, Part::Candidate | Part::Support);
        if names
            .iter()
            .any(|(name, part)| reaches(*part) && *name == base(&file.path))
        {
            file.compiled = false;
        }
    }
}

/// The last name of a path: `../rtl/dut.v` is looked for in every folder.
pub fn base(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_string()
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Files by their part, but each after the packages and macros that it uses.
fn order(files: &[File]) -> Vec<usize> {
    let tokens: Vec<Vec<Token>> = files.iter().map(|f| lex::tokens(&f.text)).collect();
    let offers = |i: usize| -> BTreeSet<String> {
        let packages = lex::units(&tokens[i])
            .into_iter()
            .filter(|u| u.keyword == "package")
            .map(|u| u.name.to_string());
        let macros = tokens[i]
            .windows(2)
            .filter(|p| p[0].is("`define"))
            .map(|p| format!("`{}", p[1].text));
        packages.chain(macros).collect()
    };
    let offered: Vec<BTreeSet<String>> = (0..files.len()).map(offers).collect();
    let uses = |i: usize| -> BTreeSet<String> {
        let scoped = tokens[i].windows(2).filter(|p| p[0].kind == Kind::Word && p[1].is(":"));
        let macros = tokens[i].iter().filter(|t| t.kind == Kind::Macro);
        scoped
            .map(|p| p[0].text.to_string())
            .chain(macros.map(|t| t.text.to_string()))
            .collect()
    };
    let used: Vec<BTreeSet<String>> = (0..files.len()).map(uses).collect();
    let needs = |i: usize, j: usize| {
        // A candidate's macros are no business of the testbench's.
        let may = |name: &String| {
            files[j].part != Part::Candidate || files[i].part == Part::Candidate || !name.starts_with('`')
        };
        i != j
            && offered[j]
                .intersection(&used[i])
                .any(|n| may(n) && !offered[i].contains(n))
    };
    let mut by_part: Vec<usize> = (0..files.len()).collect();
    by_part.sort_by_key(|&i| files[i].part);
    let mut done = Vec::new();
    let mut seen = BTreeSet::new();
    // Depth first, without recursion: a file is placed once all that it needs is placed or already waits.
    for start in by_part.clone() {
        let mut stack = vec![start];
        while let Some(&i) = stack.last() {
            seen.insert(i);
            match by_part.iter().find(|&&j| !seen.contains(&j) && needs(i, j)) {
                Some(&j) => stack.push(j),
                None => {
                    stack.pop();
                    if !done.contains(&i) {
                        done.push(i);
                    }
                }
            }
        }
    }
    done
}

/// Names of the units that a text declares.
pub fn declared(text: &str) -> Vec<String> {
    let tokens = lex::tokens(text);
    lex::units(&tokens).iter().map(|u| u.name.to_string()).collect()
}

fn has_ending(path: &str, endings: &[&str]) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, e)| e).to_ascii_lowercase();
    endings.contains(&ending.as_str())
}

/// Compiled, unless another file includes it.
fn is_source(path: &str) -> bool {
    has_ending(path, &["v", "sv"])
}

/// Only ever included.
fn is_header(path: &str) -> bool {
    has_ending(path, &["vh", "svh", "h", "inc", "svi"])
}

/// Without byte order mark and CR, and with a last line that ends.
fn clean(text: &str) -> String {
    let mut clean = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    if !clean.ends_with('\n') {
        clean.push('\n');
    }
    clean
}
