//! Reads what an emulated program's run reports: findings, a summary of each kernel, and how it ended.

use crate::model::FailReason;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where something was done, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Party {
    /// `kernel`, `host`, `copy`, `fill`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// x, y, z.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<[u32; 3]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<[u32; 3]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
}

/// Something that the checker found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Finding {
    /// As compute-sanitizer would call it: `race`, `out_of_bounds`, …
    pub kind: String,
    /// `shared`, `global`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub space: Option<String>,
    /// `RAW`, `WAR`, `WAW`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hazard: Option<String>,
    #[serde(flatten)]
    pub here: Party,
    /// A variable or an allocation, and the offset in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<Party>,
    /// How often it was seen between these two places.
    pub count: u64,
}

/// What a run left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub findings: Vec<Finding>,
    /// What is worth knowing, and no fault.
    pub notes: Vec<Finding>,
    /// One object per kernel: launches, threads, signals.
    pub kernels: Vec<Map<String, Value>>,
    /// How it ended; `None` where it did not come to an end of its own.
    pub end: Option<Map<String, Value>>,
    /// What the emulation does not have, by name.
    pub unsupported: Option<String>,
}

impl Report {
    /// Its last line counts only with the job's `token`.
    pub fn read(text: &[u8], token: &str) -> Report {
        let mut report = Report::default();
        // as the task names its files
        for line in String::from_utf8_lossy(text).replace("/job/in/task/", "").lines() {
            if let Some(name) = line.strip_prefix("unsupported: ") {
                report.unsupported = Some(name.to_string());
            }
            let Ok(Value::Object(mut object)) = serde_json::from_str(line) else {
                continue;
            };
            match object.get("kind").and_then(Value::as_str) {
                Some("end") => {
                    let genuine = object.remove("token").is_some_and(|said| said == token);
                    report.end = genuine.then_some(object);
                }
                Some("kernel") => report.kernels.push(object),
                Some("unsupported") => {
                    let name = object.get("name").and_then(Value::as_str);
                    report.unsupported = Some(name.unwrap_or("a call of the runtime").to_string());
                }
                // a signal, no finding: the device takes it back when the program ends
                Some("memory_leak") => {}
                Some(_) => {
                    let note = object.get("severity").and_then(Value::as_str) == Some("note");
                    let list = if note { &mut report.notes } else { &mut report.findings };
                    list.extend(serde_json::from_value::<Finding>(object.into()).ok());
                }
                None => {}
            }
        }
        report
    }

    /// A number of the end line.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.end.as_ref()?.get(name)?.as_u64()
    }
}

impl Finding {
    /// Why a candidate fails for it.
    pub fn reason(&self) -> FailReason {
        match self.kind.as_str() {
            "race" => FailReason::DataRace,
            "divergent_barrier" | "invalid_warp_mask" => FailReason::BarrierError,
            "invalid_launch" => FailReason::LaunchError,
            "device_assert" => FailReason::Crash,
            _ => FailReason::MemoryError,
        }
    }

    /// The files that it names.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let other = self.other.as_ref().and_then(|other| other.file.as_deref());
        self.here.file.as_deref().into_iter().chain(other)
    }

    /// One or two lines as an engineer would say it.
    pub fn text(&self) -> String {
        let head = [self.hazard.as_deref(), Some(self.kind.as_str())];
        let mut text = head
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
            .replace('_', " ");
        if let Some(space) = &self.space {
            text.push_str(&format!(" in {space} memory"));
        }
        text.push_str(&format!(": {}", self.here.text()));
        if let Some(address) = &self.address {
            text.push_str(&format!(", of `{address}`"));
        }
        if let Some(size) = self.size {
            text.push_str(&format!(", {size} bytes"));
        }
        if let Some(other) = &self.other {
            text.push_str(&format!("\n  the other: {}", other.text()));
        }
        if let Some(detail) = &self.detail {
            text.push_str(&format!("\n  {detail}"));
        }
        if self.count > 1 {
            text.push_str(&format!("\n  seen {} times", self.count));
        }
        text
    }
}

impl Party {
    fn text(&self) -> String {
        let triple = |[x, y, z]: [u32; 3]| format!("({x},{y},{z})");
        let mut words = Vec::new();
        words.extend(self.access.clone());
        match &self.kernel {
            Some(kernel) => words.push(format!("in {kernel}")),
            None => words.push(format!("by the {}", self.by)),
        }
        if let (Some(file), Some(line)) = (&self.file, self.line) {
            words.push(format!("at {file}:{line}"));
        }
        if let (Some(block), Some(thread)) = (self.block, self.thread) {
            words.push(format!("by thread {} of block {}", triple(thread), triple(block)));
        }
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_race_reads_as_an_engineer_would_say_it() {
        let text = br#"{"kind":"race","space":"shared","hazard":"RAW","by":"kernel","kernel":"sum(float*)","file":"/job/in/task/a.cu","line":9,"block":[0,0,0],"thread":[3,0,0],"access":"read","address":"tile+16","size":4,"other":{"by":"kernel","kernel":"sum(float*)","file":"a.cu","line":8,"block":[0,0,0],"thread":[4,0,0],"access":"write"},"count":7}
{"kind":"kernel","kernel":"sum(float*)","launches":1}
{"kind":"memory_leak","size":4}
{"kind":"end","how":"exit","launches":1,"token":"t"}
"#;
        let report = Report::read(text, "t");
        assert_eq!((report.kernels.len(), report.number("launches")), (1, Some(1)));
        let [race] = report.findings.as_slice() else {
            panic!("{report:?}")
        };
        assert_eq!(race.reason(), FailReason::DataRace);
        assert_eq!(
            race.text(),
            "RAW race in shared memory: read in sum(float*) at a.cu:9 by thread (3,0,0) of block (0,0,0), of `tile+16`, 4 bytes\n  \
             the other: write in sum(float*) at a.cu:8 by thread (4,0,0) of block (0,0,0)\n  seen 7 times"
        );
        assert_eq!(Report::read(&text[..200], "t").end, None);
    }
}
