//! The tour of the verilog domain: suites as others bring them, with right and wrong candidates of realistic kinds, cheats
//! among them, all fed through `assay verify --tasks`, each judged with the reason that an engineer would give.

use crate::lab::{Lab, fixtures};
use crate::tours::{called, text, verify};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A folder of `tests/fixtures/suites/`: `suite.json` says which file plays which part, and what is expected of each
/// candidate in `candidates/`.
struct Suite {
    name: &'static str,
    spec: Value,
}

impl Suite {
    fn read(name: &'static str) -> Suite {
        let path = fixtures().join("suites").join(name).join("suite.json");
        let spec = serde_json::from_str(&text(&path)).unwrap();
        Suite { name, spec }
    }

    fn folder(&self) -> std::path::PathBuf {
        fixtures().join("suites").join(self.name)
    }

    fn files(&self) -> Vec<Value> {
        let files = self.spec["files"].as_object().unwrap().iter();
        files
            .map(|(path, role)| json!({"path": path, "role": role, "content": text(&self.folder().join(path))}))
            .collect()
    }

    /// A candidate: one file under the name that the suite wants, or a folder of files.
    fn candidate(&self, name: &str) -> Vec<Value> {
        let (path, wanted) = (
            self.folder().join("candidates").join(name),
            self.spec["candidate"].as_str().unwrap(),
        );
        if path.is_file() {
            return vec![json!({"path": wanted, "content": text(&path)})];
        }
        let mut files: Vec<_> = std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        let file = |p: &std::path::PathBuf| {
            let name = p.file_name().unwrap().to_str().unwrap();
            json!({"path": format!("{wanted}{name}"), "content": text(p)})
        };
        files.iter().map(file).collect()
    }

    fn task(&self, candidate: &str) -> Value {
        let limits = self.spec.get("limits").cloned().unwrap_or(json!({}));
        json!({"id": format!("{}/{candidate}", self.name), "sandbox": "verilog", "check": self.spec["check"],
            "limits": limits, "files": self.files(), "candidate": self.candidate(candidate)})
    }

    fn expected(&self) -> &Map<String, Value> {
        self.spec["expect"].as_object().unwrap()
    }
}

fn wrongly_judged(suite: &Suite, answers: &BTreeMap<String, Value>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (candidate, expected) in suite.expected() {
        let id = format!("{}/{candidate}", suite.name);
        let got = called(&answers[&id]);
        if Some(got.as_str()) != expected.as_str() {
            let evidence = &answers[&id]["evidence"];
            wrong.push(format!(
                "{id}: {got}, not {expected}: {} {}",
                evidence["metrics"], evidence["log"]
            ));
        }
    }
    wrong
}

const SUITES: &[&str] = &["verilogeval", "rtllm", "vgen", "modern", "folders", "hardware"];

#[test]
fn right_and_wrong_candidates_of_every_suite_get_the_reason_an_engineer_would_give() {
    let lab = Lab::new();
    let suites: Vec<Suite> = SUITES.iter().map(|n| Suite::read(n)).collect();
    let tasks: Vec<Value> = suites
        .iter()
        .flat_map(|s| s.expected().keys().map(|c| s.task(c)))
        .collect();
    let answers = verify(&lab, &tasks);
    let wrong: Vec<String> = suites.iter().flat_map(|s| wrongly_judged(s, &answers)).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} judged wrongly:\n{}",
        wrong.len(),
        tasks.len(),
        wrong.join("\n")
    );
    let right = answers.values().filter(|a| a["verdict"] == "pass").count();
    assert!(
        right >= 20 && answers.len() - right >= 20,
        "{right} of {}",
        answers.len()
    );
    for (id, answer) in &answers {
        let metrics = &answer["evidence"]["metrics"];
        let verilator = id.starts_with("modern/") && called(answer) != "compile_error";
        assert!(
            !verilator || metrics["engine"] == "verilator" && metrics["icarus_refused"] == true,
            "{id}: {metrics}"
        );
        let log = answer["evidence"]["log"].as_str().unwrap();
        assert!(!log.contains("/job/"), "{id}: {log}");
    }
    shows_the_waveform(&answers["verilogeval/wrong_reset.sv"]);
    shows_the_waveform(&answers["vgen/wrong_wrap.v"]);
    measures_hardware(&answers["hardware/right_shift.v"]);
    let inputs = &answers["hardware/wrong_corner.v"]["evidence"]["metrics"]["equivalence"];
    assert!(
        inputs["outcome"] == "refuted" && inputs["inputs"].to_string().contains("in_req"),
        "{inputs}"
    );
}

/// A mismatch is shown with the signals around it, the moment marked.
fn shows_the_waveform(answer: &Value) {
    let rows = answer["evidence"]["metrics"]["waveform"]
        .as_array()
        .expect("a waveform is kept");
    let rows: Vec<&str> = rows.iter().map(|r| r.as_str().unwrap()).collect();
    assert!(rows.len() > 3 && rows.len() <= 13, "{rows:#?}");
    assert_eq!(rows.iter().filter(|r| r.starts_with('>')).count(), 1, "{rows:#?}");
    assert!(rows[0].contains("clk="), "{rows:#?}");
    assert!(answer["evidence"]["log"].as_str().unwrap().contains(rows[0]));
}

fn measures_hardware(answer: &Value) {
    let found = &answer["evidence"]["metrics"]["synthesis"];
    assert!(found["cells"]["$_DFF_PN0_"].as_u64().unwrap() >= 11, "{found}");
    assert!(found["area_gate_equivalents"].as_f64().unwrap() > 60.0, "{found}");
    assert!(
        found["logic_depth"].as_u64().unwrap() >= 2 && found["latches"] == json!([]),
        "{found}"
    );
    assert_eq!(answer["evidence"]["metrics"]["equivalence"]["outcome"], "proved");
}

/// The same candidates in files as they come from other systems.
#[test]
fn byte_order_marks_line_ends_and_missing_last_lines_change_nothing() {
    let lab = Lab::new();
    let suite = Suite::read("rtllm");
    let twisted = |candidate: &str| {
        let mut task = suite.task(candidate);
        for list in ["files", "candidate"] {
            for file in task[list].as_array_mut().unwrap() {
                if file["path"].as_str().unwrap().ends_with(".v") {
                    let text = file["content"].as_str().unwrap().trim_end().replace('\n', "\r\n");
                    file["content"] = format!("\u{feff}{text}").into();
                }
            }
        }
        task
    };
    let answers = verify(&lab, &["right.v", "wrong_early.v"].map(twisted));
    assert_eq!(called(&answers["rtllm/right.v"]), "pass");
    assert_eq!(called(&answers["rtllm/wrong_early.v"]), "wrong_answer");
}

fn task(id: &str, check: Value, bench: &str, candidate: &str) -> Value {
    json!({"id": id, "sandbox": "verilog", "check": check, "files": [{"path": "tb.sv", "role": "testbench", "content": bench}],
        "candidate": [{"path": "dut.sv", "content": candidate}]})
}

/// What is the task's fault, or ours, is no verdict; what is decided elsewhere than it seems is called by its name.
#[test]
fn faults_of_a_task_are_errors_and_odd_ends_have_names() {
    const INV: &str = "module inv(input a, output y); assign y = ~a; endmodule\n";
    const PASS: &str =
        "module tb; reg a = 0; wire y; inv u(a, y); initial begin #1 if (y) $display(\"PASS\"); $finish; end endmodule";
    let in_pass = |old: &str, new: &str| PASS.replace(old, new);
    let none = || json!({});
    let missing = in_pass("#1 if", "$readmemh(\"none.hex\", m); #1 if").replace("reg a", "reg [3:0] m [0:3]; reg a");
    let reference = |mut task: Value, text: &str| {
        let file = json!({"path": "ref.sv", "role": "reference", "content": text});
        task["files"].as_array_mut().unwrap().push(file);
        task
    };
    let mut cocotb = task("cocotb", none(), "import cocotb", INV);
    cocotb["files"][0]["path"] = "test_inv.py".into();
    let hard = "module inv(input [23:0] a, b, c, output y); assign y = (a * b) * c == a * (b * c); endmodule";
    let easy = "module inv(input [23:0] a, b, c, output y); assign y = 1; endmodule";
    let wide = "module tb; reg [23:0] a = 3, b = 5, c = 7; wire y; inv u(a, b, c, y); initial begin #1 if (y) $display(\"PASS\"); $finish; end endmodule";
    let inside = "module inv(input a, output y); assign y = !(a inside {1'b1}); endmodule";
    // Icarus 11 makes a wire of `ONE` where it stands in a port's connection.
    let imported = "package p; localparam ONE = 1'b1; endpackage\n\
        module add(input a, b, output y); assign y = a ^ b; endmodule\n\
        module inv import p::*; (input a, output y); add u(.a(a), .b(ONE), .y(y)); endmodule";
    let mut too_hard = reference(task("too_hard", json!({"equivalence": true}), wide, easy), hard);
    too_hard["limits"] = json!({"cpu_ms": 5000});
    let table = [
        (task("right", none(), PASS, INV), "pass"),
        (
            task(
                "bench_broken",
                none(),
                &in_pass("initial begin", "initial begin begin;;"),
                INV,
            ),
            "error",
        ),
        (
            task(
                "both_broken",
                none(),
                &in_pass("initial begin", "initial begin begin"),
                "module inv(",
            ),
            "error",
        ),
        (task("data_missing", none(), &missing, INV), "error"),
        (cocotb, "error"),
        (
            task(
                "task_unknown",
                none(),
                &in_pass("#1 if", "$fsdbDumpvars(0, tb); #1 if"),
                INV,
            ),
            "error",
        ),
        (
            task(
                "call_unknown",
                none(),
                PASS,
                &INV.replace("endmodule", "initial $vendor(1); endmodule"),
            ),
            "compile_error",
        ),
        (
            task("stop_first", none(), &in_pass("#1 if", "$stop; #1 if"), INV),
            "no_verdict",
        ),
        (
            task("fatal", none(), &in_pass("$finish", "$fatal(1, \"oh\")"), INV),
            "wrong_answer",
        ),
        (
            task("error", none(), &in_pass("$finish", "$error(\"oh\")"), INV),
            "wrong_answer",
        ),
        (
            task(
                "watchdog",
                none(),
                &in_pass("$display(\"PASS\")", "$display(\"Simulation timeout!\")"),
                INV,
            ),
            "timeout",
        ),
        (task("silent", none(), &in_pass("PASS", "done"), INV), "no_verdict"),
        (task("verilator", json!({"simulator": "verilator"}), PASS, INV), "pass"),
        (
            task(
                "verilator_stop",
                json!({"simulator": "verilator"}),
                &in_pass("$finish", "$stop"),
                INV,
            ),
            "pass",
        ),
        (
            task(
                "verilator_wrong",
                json!({"simulator": "verilator"}),
                PASS,
                &INV.replace('~', ""),
            ),
            "no_verdict",
        ),
        (
            task("icarus_only", json!({"simulator": "icarus"}), PASS, inside),
            "compile_error",
        ),
        (task("auto", none(), PASS, inside), "pass"),
        (task("imported", none(), PASS, imported), "pass"),
        (
            task("imported_wrong", none(), PASS, &imported.replace("1'b1", "1'b0")),
            "no_verdict",
        ),
        (
            task("imported_icarus", json!({"simulator": "icarus"}), PASS, imported),
            "error",
        ),
        (
            task("unreadable_by_yosys", json!({"synthesizable": true}), PASS, inside),
            "error",
        ),
        (too_hard, "error"),
        (
            reference(
                task("same_name", json!({"equivalence": true}), PASS, INV),
                &INV.replace("~a", "a ? 0 : 1"),
            ),
            "pass",
        ),
    ];
    let lab = Lab::new();
    let tasks: Vec<Value> = table.iter().map(|(t, _)| t.clone()).collect();
    let answers = verify(&lab, &tasks);
    let mut wrong = Vec::new();
    for (task, expected) in &table {
        let answer = &answers[task["id"].as_str().unwrap()];
        let got = called(answer);
        if got != *expected && !(*expected == "error" && got.starts_with("error")) {
            wrong.push(format!(
                "{}: {got}, not {expected}: {}",
                task["id"], answer["evidence"]["log"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (id, words) in [
        ("bench_broken", "tb.sv"),
        ("data_missing", "none.hex"),
        ("cocotb", "cocotb"),
        ("task_unknown", "$fsdbDumpvars"),
        ("unreadable_by_yosys", "yosys 0.23 cannot read it"),
    ] {
        assert!(
            answers[id]["reason"].as_str().unwrap().contains(words),
            "{id}: {}",
            answers[id]["reason"]
        );
    }
}
