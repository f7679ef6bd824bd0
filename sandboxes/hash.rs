//! The identity of a job, and what makes one valid.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::error::SandboxError;
use crate::job::{Job, JobFile, Limits, Step, When};

/// Most steps of one job: each has a pipe of its own.
pub const MAX_STEPS: usize = 64;
/// All files of one job together, bytes.
pub const MAX_FILES_BYTES: usize = 256 << 20;
/// All arguments of one step, bytes; Linux itself refuses a single argument beyond 128 KiB.
pub const MAX_ARGV_BYTES: usize = 120 << 10;

impl Job {
    /// Names the job under an image: 32 hex digits of a SHA-256 over every part, each preceded by its length, so that
    /// no two jobs run together into one.
    pub fn hash(&self, image_id: &str) -> String {
        let mut parts = Parts(Sha256::new());
        parts.text("assay-job-1");
        parts.text(image_id);
        parts.text(&self.sandbox);
        parts.number(self.files.len() as u64);
        for file in &self.files {
            parts.text(&file.path);
            parts.text(&file.content);
        }
        parts.number(self.steps.len() as u64);
        for step in &self.steps {
            parts.step(step);
        }
        parts.limits(&self.limits);
        hex(&parts.0.finalize()[..16])
    }

    /// Checks what no sandbox could run: paths that leave the folder, unknown or repeated names, empty or absurd limits.
    pub fn validate(&self) -> Result<(), SandboxError> {
        let check = || -> Result<(), String> {
            if !is_name(&self.sandbox) {
                return Err(format!("sandbox name {:?} is not [a-z0-9_]+", self.sandbox));
            }
            check_files(&self.files)?;
            check_steps(&self.steps)?;
            check_limits(&self.limits)
        };
        check().map_err(SandboxError::InvalidJob)
    }
}

/// SHA-256 over parts that cannot run together.
struct Parts(Sha256);

impl Parts {
    fn number(&mut self, value: u64) {
        self.0.update(value.to_le_bytes());
    }

    fn text(&mut self, value: &str) {
        self.number(value.len() as u64);
        self.0.update(value.as_bytes());
    }

    fn step(&mut self, step: &Step) {
        self.text(&step.name);
        self.number(step.argv.len() as u64);
        for arg in &step.argv {
            self.text(arg);
        }
        match &step.when {
            When::Ok => self.text("ok"),
            When::Failed(name) => {
                self.text("failed");
                self.text(name);
            }
            When::Always => self.text("always"),
        }
    }

    fn limits(&mut self, limits: &Limits) {
        // Destructured, so that a new limit cannot be forgotten here.
        let Limits {
            cpu_ms,
            wall_ms,
            memory_bytes,
            pids,
            output_bytes,
            file_bytes,
            disk_bytes,
            inodes,
        } = *limits;
        for value in [
            cpu_ms,
            wall_ms,
            memory_bytes,
            pids.into(),
            output_bytes,
            file_bytes,
            disk_bytes,
            inodes,
        ] {
            self.number(value);
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn check_files(files: &[JobFile]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let mut folders = BTreeSet::new();
    for file in files {
        check_path(&file.path)?;
        if !seen.insert(file.path.as_str()) {
            return Err(format!("file {:?} is given twice", file.path));
        }
        folders.extend(ancestors(&file.path));
    }
    if let Some(path) = seen.iter().find(|path| folders.contains(*path)) {
        return Err(format!("{path:?} is both a file and a folder"));
    }
    let bytes: usize = files.iter().map(|file| file.content.len()).sum();
    if bytes > MAX_FILES_BYTES {
        return Err(format!(
            "files hold {bytes} bytes, at most {MAX_FILES_BYTES} are allowed"
        ));
    }
    Ok(())
}

/// The folders above a path, outermost first: `a/b/c` has `a` and `a/b`.
pub(crate) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(move |(at, _)| &path[..at])
}

fn check_path(path: &str) -> Result<(), String> {
    let bad = |component: &str| component.is_empty() || component == "." || component == ".." || component.len() > 255;
    if path.is_empty() || path.len() > 1024 || path.contains('\0') || path.split('/').any(bad) {
        return Err(format!("path {path:?} is not a plain relative path"));
    }
    Ok(())
}

fn check_steps(steps: &[Step]) -> Result<(), String> {
    if steps.is_empty() || steps.len() > MAX_STEPS {
        return Err(format!("{} steps; between 1 and {MAX_STEPS} are allowed", steps.len()));
    }
    let mut seen = BTreeSet::new();
    for step in steps {
        let name = &step.name;
        if !is_name(name) {
            return Err(format!("step name {name:?} is not [a-z0-9_]+"));
        }
        if let When::Failed(other) = &step.when
            && !seen.contains(other.as_str())
        {
            return Err(format!("step `{name}` waits for `{other}`, which is no earlier step"));
        }
        if !seen.insert(name.as_str()) {
            return Err(format!("step name `{name}` is used twice"));
        }
        check_argv(name, &step.argv)?;
    }
    Ok(())
}

fn check_argv(name: &str, argv: &[String]) -> Result<(), String> {
    // A leading `-` would be an option of the driver's `exec`.
    if argv
        .first()
        .is_none_or(|program| program.is_empty() || program.starts_with('-'))
    {
        return Err(format!("step `{name}` names no program"));
    }
    if argv.iter().any(|arg| arg.contains('\0')) {
        return Err(format!("step `{name}` has a NUL in its arguments"));
    }
    if argv.iter().map(|arg| arg.len() + 1).sum::<usize>() > MAX_ARGV_BYTES {
        return Err(format!(
            "step `{name}` has more than {MAX_ARGV_BYTES} bytes of arguments"
        ));
    }
    Ok(())
}

fn check_limits(limits: &Limits) -> Result<(), String> {
    let within = |what: &str, value: u64, low: u64, high: u64| {
        if (low..=high).contains(&value) {
            Ok(())
        } else {
            Err(format!("limit {what} = {value} is not within {low}..={high}"))
        }
    };
    within("cpu_ms", limits.cpu_ms, 1, 86_400_000)?;
    within("wall_ms", limits.wall_ms, 1, 86_400_000)?;
    // Less than this and the sandbox itself does not start.
    within("memory_bytes", limits.memory_bytes, 8 << 20, 1 << 40)?;
    within("pids", limits.pids.into(), 2, 4096)?;
    within("output_bytes", limits.output_bytes, 1, 1 << 30)?;
    within("file_bytes", limits.file_bytes, 1, 1 << 40)?;
    within("disk_bytes", limits.disk_bytes, 4096, 1 << 40)?;
    within("inodes", limits.inodes, 8, 1 << 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        Job {
            sandbox: "verilog".into(),
            files: vec![JobFile {
                path: "a/b.v".into(),
                content: "module m; endmodule".into(),
            }],
            steps: vec![Step {
                name: "compile".into(),
                argv: vec!["iverilog".into(), "x".into()],
                when: When::Ok,
            }],
            limits: Limits::default(),
        }
    }

    #[test]
    fn hash_is_stable_and_sees_every_part() {
        let base = job();
        assert_eq!(base.hash("image"), job().hash("image"));
        assert_eq!(base.hash("image").len(), 32);
        let edits: Vec<fn(&mut Job)> = vec![
            |j| j.sandbox = "cuda".into(),
            |j| j.files[0].path = "a/c.v".into(),
            |j| j.files[0].content.push(' '),
            |j| j.files.clear(),
            |j| j.steps[0].name = "go".into(),
            |j| j.steps[0].argv = vec!["iverilogx".into()],
            |j| j.steps[0].when = When::Always,
            |j| j.steps[0].when = When::Failed("ok".into()),
            |j| j.limits.cpu_ms += 1,
            |j| j.limits.inodes += 1,
            |j| j.limits.pids += 1,
        ];
        let mut seen = BTreeSet::from([base.hash("image"), base.hash("other")]);
        for edit in edits {
            let mut changed = job();
            edit(&mut changed);
            assert!(seen.insert(changed.hash("image")), "{changed:?}");
        }
    }

    #[test]
    fn validate_names_what_is_wrong() {
        job().validate().unwrap();
        type Edit = fn(&mut Job);
        let cases: Vec<(Edit, &str)> = vec![
            (|j| j.files[0].path = "../x".into(), "plain relative"),
            (|j| j.files[0].path = "/x".into(), "plain relative"),
            (|j| j.files[0].path = "a//x".into(), "plain relative"),
            (
                |j| {
                    j.files.push(JobFile {
                        path: "a".into(),
                        content: String::new(),
                    })
                },
                "both a file and a folder",
            ),
            (|j| j.files.push(j.files[0].clone()), "given twice"),
            (|j| j.steps.push(j.steps[0].clone()), "used twice"),
            (|j| j.steps[0].when = When::Failed("later".into()), "no earlier step"),
            (|j| j.steps[0].argv.clear(), "names no program"),
            (|j| j.steps[0].argv[0] = "-x".into(), "names no program"),
            (|j| j.steps[0].argv[1] = "a\0".into(), "NUL"),
            (|j| j.steps.clear(), "0 steps"),
            (|j| j.limits.memory_bytes = 1, "memory_bytes"),
            (|j| j.sandbox = "../etc".into(), "sandbox name"),
        ];
        for (edit, expected) in cases {
            let mut changed = job();
            edit(&mut changed);
            let message = changed.validate().unwrap_err().to_string();
            assert!(message.contains(expected), "{message} lacks {expected}");
        }
    }
}
