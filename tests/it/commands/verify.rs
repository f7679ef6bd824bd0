//! `assay verify`: stored samples again, and tasks from outside.

use super::{built, keys, known_repair, said};
use crate::lab::Lab;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn verifying_again_adds_a_verdict_and_says_what_changed() {
    let b = built();
    let id = known_repair(&b.lab);
    let only = format!("sample_id = '{id}' and check_name = 'broken'");
    let history = || {
        b.lab
            .sql(&format!("select count(*), max(seq) from verdicts where {only}"))
    };
    let (count, seq) = history()
        .split_once('|')
        .map(|(c, s)| (c.parse::<i64>().unwrap(), s.parse::<i64>().unwrap()))
        .unwrap();
    let (code, stdout, stderr) = said(&b.lab.run(&["verify", "--where", &only]));
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert!(stderr.contains("0 of 1 verdicts changed"), "{stderr}");
    let line = b.lab.ok(&["verify", "--where", &only, "--json"]);
    let row: Value = serde_json::from_str(line.trim()).unwrap();
    assert_eq!((&row["sample_id"], &row["changed"]), (&json!(id), &json!(false)));
    assert_eq!(row["before"], row["after"]);
    assert_eq!(row["after"]["verdict"], "fail");
    let (now, newest) = history()
        .split_once('|')
        .map(|(c, s)| (c.parse::<i64>().unwrap(), s.parse::<i64>().unwrap()))
        .unwrap();
    assert_eq!(now, count + 2);
    assert!(newest > seq);
    assert_eq!(
        b.lab.sql(&format!("select seq from latest_verdicts where {only}")),
        newest.to_string()
    );
    let strict = b.lab.fails(1, &["verify", "--strict", "--where", &only]);
    assert!(strict.contains("1 verdicts are not a pass"), "{strict}");
    assert!(b.lab.run(&["verify", "--where", "false"]).status.success());
}

#[test]
fn a_predicate_can_do_no_harm() {
    let b = built();
    let counts = || {
        b.lab.sql("select (select count(*) from stored_samples), (select count(*) from decisions), (select count(*) from batches)")
    };
    let before = counts();
    for (hostile, why) in [
        ("true); drop table samples; --", "syntax error"),
        ("true); delete from decisions; --", "syntax error"),
        ("true; drop view samples", "syntax error"),
        ("no_such_column = 1", "no_such_column"),
        ("verdict = ", "syntax error"),
        ("exists (select 1 from batches)", "permission denied"),
        ("pg_read_file('/etc/hostname') = ''", "permission denied"),
    ] {
        let (code, stdout, stderr) = said(&b.lab.run(&["verify", "--where", hostile]));
        assert_eq!((code, stdout.as_str()), (2, ""), "{hostile}: {stderr}");
        assert!(
            stderr.contains("the predicate cannot be used") && stderr.contains(why),
            "{hostile}: {stderr}"
        );
    }
    assert_eq!(counts(), before);
    // the role is not the predicate's to change: what it may not read by itself it may not read by becoming another
    let escape = "set_config('role', session_user, true) <> '' and query_to_xml('select pg_read_file(''/etc/hostname'')', true, true, '') is null";
    let err = b.lab.fails(2, &["verify", "--where", escape]);
    assert!(err.contains("permission denied"), "{err}");
}

#[test]
fn verify_wants_one_thing_to_verify() {
    let lab = Lab::new();
    assert!(lab.fails(2, &["verify"]).contains("--where"));
    assert!(
        lab.fails(2, &["verify", "--where", "true", "--tasks", "x"])
            .contains("cannot be used with")
    );
    assert!(
        lab.fails(2, &["verify", "--tasks", "no-such-file.jsonl"])
            .contains("no-such-file.jsonl")
    );
}

const BENCH: &str = r#"module tb;
  reg [7:0] a, b; wire [7:0] y; integer i, bad;
  adder dut(.a(a), .b(b), .y(y));
  initial begin
    bad = 0;
    for (i = 0; i < 64; i = i + 1) begin
      a = i * 7; b = i * 13; #1;
      if (y !== ((i * 20) & 255)) bad = bad + 1;
    end
    if (bad == 0) $display("ALL TESTS PASSED"); else $display("FAILED: %0d wrong", bad);
    $finish;
  end
endmodule
"#;

fn adder(body: &str) -> String {
    format!("module adder(input [7:0] a, input [7:0] b, output [7:0] y);\n{body}\nendmodule\n")
}

pub fn task(id: &str, bench: &str, candidate: &str) -> Value {
    json!({"id": id, "sandbox": "verilog", "files": [{"path": "tb.sv", "content": bench, "role": "testbench"}],
           "candidate": [{"path": "dut.v", "content": candidate}]})
}

#[test]
fn tasks_from_outside_are_judged_line_by_line() {
    let lab = Lab::new();
    let mut endless = task(
        "endless",
        BENCH,
        &adder("assign y = a + b; reg r; initial begin r = 0; forever r = #0 ~r; end"),
    );
    endless["limits"] = json!({"cpu_ms": 1000});
    let silent = BENCH.replace("$display(\"ALL TESTS PASSED\")", "bad = 0");
    let lines = [
        task("right", BENCH, &adder("assign y = a + b;")).to_string(),
        task("wrong", BENCH, &adder("assign y = a - b;")).to_string(),
        task("broken", BENCH, &adder("assign y = a + ;")).to_string(),
        endless.to_string(),
        task("silent", &silent, &adder("assign y = a + b;")).to_string(),
        r#"{"id": "torn", "sandbox": "#.into(),
        task("forger", BENCH, &adder("assign y = 0; initial begin $display(\"ALL TESTS PASSED\"); $finish; end")).to_string(),
        json!({"id": "firmware", "sandbox": "stm32f407", "check": {}, "candidate": [{"path": "main.txt", "content": "int main() { for (;;); }"}]}).to_string(),
        json!({"id": "typo", "sandbox": "verilog", "candidat": []}).to_string(),
        task("right", BENCH, &adder("assign y = b + a;")).to_string(),
        task("last", BENCH, &adder("assign y = b + a;")).to_string(),
    ];
    let file = lab.write("tasks.jsonl", &(lines.join("\n") + "\n"));
    let (code, stdout, stderr) = said(&lab.run(&["verify", "--tasks", file.to_str().unwrap(), "--json"]));
    assert_eq!(code, 2, "{stderr}");
    let answers: Vec<Value> = stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let short = |v: &Value| v.as_str().unwrap_or("-").to_string();
    let verdicts: Vec<String> = answers
        .iter()
        .map(|a| format!("{} {} {}", short(&a["id"]), short(&a["verdict"]), short(&a["reason"])))
        .collect();
    insta::assert_snapshot!(verdicts.join("\n"), @r#"
    right pass -
    wrong fail wrong_answer
    broken fail compile_error
    endless fail timeout
    silent fail no_verdict
    forger fail bad_output
    firmware error no file is a source by its name (.c, .s, .S, .cpp, .cc, .cxx)
    last pass -
    "#);
    for answer in &answers {
        assert_eq!(keys(answer), BTreeSet::from(["evidence", "id", "reason", "verdict"]));
        if answer["verdict"] != "error" {
            let evidence = &answer["evidence"];
            for key in [
                "image_id",
                "tools",
                "command",
                "limits",
                "log",
                "cpu_ms",
                "wall_ms",
                "peak_bytes",
                "seed",
                "trials",
            ] {
                assert!(!evidence[key].is_null(), "{key} is missing: {evidence}");
            }
        }
    }
    assert!(
        answers[1]["evidence"]["log"]
            .as_str()
            .unwrap()
            .contains("FAILED: 63 wrong"),
        "{}",
        answers[1]
    );
    assert!(
        answers[2]["evidence"]["log"]
            .as_str()
            .unwrap()
            .contains("dut.v:2: syntax error"),
        "{}",
        answers[2]
    );
    // each bad line with its number
    for bad in [
        "tasks.jsonl:6:",
        "tasks.jsonl:9",
        "tasks.jsonl:10",
        "did you mean `candidate`",
    ] {
        assert!(stderr.contains(bad), "stderr lacks `{bad}`: {stderr}");
    }

    let good = lab.write("good.jsonl", &lines[0]);
    let good = good.to_str().unwrap();
    assert_eq!(lab.run(&["verify", "--tasks", good, "--strict"]).status.code(), Some(0));
    let bad = lab.write("bad.jsonl", &lines[1]);
    assert!(
        lab.fails(1, &["verify", "--strict", "--tasks", bad.to_str().unwrap()])
            .contains("1 of 1 tasks did not pass")
    );
    assert_eq!(
        lab.run(&["verify", "--tasks", bad.to_str().unwrap()]).status.code(),
        Some(0)
    );
}
