//! Reads task files line by line: a bad line is reported with its number, and the rest goes on.

use super::{Check, MAX_FILES, RawTask, Role, Task, task_schema};
use crate::recipe::check::{Checker, Language};
use crate::recipe::diagnostics::{Diagnostic, Severity, quote, tidy};
use crate::recipe::tree::parse_json;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::sync::LazyLock;

/// Bytes of one line.
pub const MAX_LINE_BYTES: usize = 16 << 20;

/// Generating it takes longer than checking a line against it.
static SCHEMA: LazyLock<Value> = LazyLock::new(task_schema);

/// A finding about a line: message and help.
type Said = (String, Option<String>);

/// Reads one line of a task file. `line_no` is 1-based and only for messages.
pub fn parse_line(file: &str, line_no: u32, text: &str) -> Result<Task, Vec<Diagnostic>> {
    let place = |column: u32, (message, help): Said| Diagnostic {
        file: file.into(),
        line: line_no,
        column,
        severity: Severity::Error,
        message,
        help,
    };
    if text.len() > MAX_LINE_BYTES {
        return Err(vec![place(0, too_long())]);
    }
    let tree = parse_json(text).map_err(|e| {
        // What serde_json says ends in a place that counts lines from this line.
        let message = e.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        vec![place(e.column() as u32, (format!("not valid JSON: {message}"), None))]
    })?;
    let problems = Checker::new(&SCHEMA, Language::Json).check(&tree);
    if !problems.is_empty() {
        return Err(tidy(
            file,
            problems.into_iter().map(|p| place(0, (p.message, p.help))).collect(),
        ));
    }
    let mut task = read(tree.to_json()).map_err(|e| vec![place(0, (e.to_string(), None))])?;
    let mut said = contradictions(&task);
    if let Check::Stm32f407(check) = &mut task.check {
        said.extend(crate::domains::stm32f407::names::settle(check));
    }
    if said.is_empty() {
        Ok(task)
    } else {
        Err(tidy(file, said.into_iter().map(|s| place(0, s)).collect()))
    }
}

fn too_long() -> Said {
    let help = "split it, or leave out what the judge does not need".to_string();
    (format!("the line is longer than {MAX_LINE_BYTES} bytes"), Some(help))
}

fn read(task: Value) -> Result<Task, serde_json::Error> {
    let raw: RawTask = serde_json::from_value(task)?;
    let check = Check::read(raw.sandbox, raw.check)?;
    Ok(Task {
        id: raw.id,
        prompt: raw.prompt,
        files: raw.files,
        candidate: raw.candidate,
        check,
        limits: raw.limits,
    })
}

/// What each key allows by itself, but the keys do not allow together.
fn contradictions(task: &Task) -> Vec<Said> {
    let mut said = bad_paths(task);
    for (key, pattern) in task.check.patterns() {
        if let Err(e) = regex::Regex::new(pattern) {
            let why = e.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            said.push((format!("{} is no regular expression: {why}", quote(&key)), None));
        }
    }
    let (key, role) = match &task.check {
        Check::Verilog(c) if c.equivalence => ("check.equivalence", Role::Reference),
        Check::X86(c) if c.min_speedup.is_some() => ("check.min_speedup", Role::Baseline),
        Check::Cadquery(c) if c.min_iou.is_some() => ("check.min_iou", Role::Reference),
        _ => return said,
    };
    if task.files_as(role).next().is_none() {
        let role = if role == Role::Baseline {
            "baseline"
        } else {
            "reference"
        };
        said.push((
            format!("`{key}` needs a file of role `{role}`, and there is none"),
            None,
        ));
    }
    said
}

fn bad_paths(task: &Task) -> Vec<Said> {
    let paths = task
        .files
        .iter()
        .map(|f| &f.path)
        .chain(task.candidate.iter().map(|c| &c.path));
    let (mut said, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
    for path in paths {
        if !is_safe(path) {
            let help = "it must be relative, `/`-separated, without `.`, `..`, empty parts, `\\` or control characters";
            said.push((format!("bad path {}", quote(path)), Some(help.into())));
        }
        if !seen.insert(path) {
            said.push((format!("the path {} is used twice", quote(path)), None));
        }
    }
    if task.files.len() + task.candidate.len() > MAX_FILES {
        said.push((format!("more than {MAX_FILES} files"), None));
    }
    said
}

fn is_safe(path: &str) -> bool {
    let odd = |c: char| c.is_control() || c == '\\';
    !path.contains(odd) && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// The tasks of a file, one line at a time; blank lines are skipped. Ends after a read error.
pub struct TaskReader<R> {
    file: String,
    source: R,
    line: u32,
    ids: HashMap<String, u32>,
    ended: bool,
}

impl<R: BufRead> TaskReader<R> {
    /// Reads tasks; `file` only names them in messages.
    pub fn new(file: &str, source: R) -> TaskReader<R> {
        TaskReader {
            file: file.into(),
            source,
            line: 0,
            ids: HashMap::new(),
            ended: false,
        }
    }

    /// The next line without its newline, at most one byte longer than allowed; the rest of a longer one is skipped.
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let limit = MAX_LINE_BYTES as u64 + 1;
        if self.source.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() > MAX_LINE_BYTES {
            self.source.skip_until(b'\n')?;
        }
        Ok(Some(line))
    }

    fn task(&mut self, line: &[u8]) -> Result<Task, Vec<Diagnostic>> {
        let at_line = |column, message| Diagnostic {
            line: self.line,
            column,
            ..Diagnostic::whole_file(&self.file, message)
        };
        if line.len() > MAX_LINE_BYTES {
            let (message, help) = too_long();
            return Err(vec![Diagnostic {
                help,
                ..at_line(0, message)
            }]);
        }
        let text = std::str::from_utf8(line).map_err(|e| {
            vec![at_line(
                0,
                format!("not UTF-8 from byte {} of the line on", e.valid_up_to() + 1),
            )]
        })?;
        // Some editors start a file with a byte order mark.
        let text = if self.line == 1 {
            text.trim_start_matches('\u{feff}')
        } else {
            text
        };
        let task = parse_line(&self.file, self.line, text)?;
        match self.ids.insert(task.id.clone(), self.line) {
            Some(first) => {
                let message = format!("the id {} is used twice; first on line {first}", quote(&task.id));
                let again = vec![at_line(0, message)];
                self.ids.insert(task.id, first);
                Err(again)
            }
            None => Ok(task),
        }
    }
}

impl<R: BufRead> Iterator for TaskReader<R> {
    /// The 1-based line with its task, or what is wrong with it.
    type Item = (u32, Result<Task, Vec<Diagnostic>>);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            self.line += 1;
            match self.next_line() {
                Ok(Some(line)) if line.trim_ascii().is_empty() => continue,
                Ok(Some(line)) => return Some((self.line, self.task(&line))),
                Ok(None) => self.ended = true,
                Err(e) => {
                    self.ended = true;
                    let message = format!("cannot be read beyond line {}: {e}", self.line);
                    return Some((self.line, Err(vec![Diagnostic::whole_file(&self.file, message)])));
                }
            }
        }
        None
    }
}
