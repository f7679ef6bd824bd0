use super::*;
use crate::recipe::render;
use proptest::prelude::*;
use std::io::Cursor;

fn minimal() -> Value {
    json!({"id": "t1", "sandbox": "verilog", "candidate": [{"path": "dut.v", "content": "module dut; endmodule"}]})
}

/// What is wrong with the minimal task after a change.
fn said(change: impl Fn(&mut Value)) -> String {
    let mut task = minimal();
    change(&mut task);
    parse_line("t.jsonl", 3, &task.to_string()).map_or_else(|e| render(&e), |_| "fine".into())
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let task = parse_line("t.jsonl", 1, &minimal().to_string()).unwrap();
    assert_eq!(task.check, Check::Verilog(VerilogCheck::default()));
    assert_eq!(
        (task.prompt.as_str(), task.files.len(), task.limits),
        ("", 0, TaskLimits::default())
    );
}

#[test]
fn every_sandbox_has_its_keys() {
    let checks = [
        (
            "verilog",
            json!({"top": "tb", "simulator": "verilator", "pass": "OK", "fail": "BAD", "synthesizable": true}),
        ),
        (
            "cuda",
            json!({"arch": "sm_80", "flags": ["-O3"], "args": ["1"], "gpu": "emulate", "stdout": "1\n"}),
        ),
        (
            "stm32f407",
            json!({"run_ms": 350, "uart": {"usart2": "^ok"}, "gpio": [{"port": "D", "pin": 12, "level": 1}],
            "memory": [{"address": 0x2000_0000u32, "value": 7}], "engine": "renode"}),
        ),
        ("x86_64", json!({"args": [], "stdin": "3", "stdout": "9"})),
        (
            "cadquery",
            json!({"result": "part", "volume": 1000, "bbox": [10, 10, 10.5]}),
        ),
    ];
    for (sandbox, check) in checks {
        let mut task = minimal();
        (task["sandbox"], task["check"]) = (json!(sandbox), check);
        let task = parse_line("t.jsonl", 1, &task.to_string()).unwrap_or_else(|e| panic!("{}", render(&e)));
        assert_eq!(json!(task.check.sandbox()), json!(sandbox));
    }
}

#[test]
fn mistakes_name_the_key_and_the_near_miss() {
    insta::assert_snapshot!(said(|t| { t["sandbox"] = json!("verliog"); t["promt"] = json!("x"); }), @r"
    t.jsonl:3: unknown key `promt`; did you mean `prompt`?
    t.jsonl:3: unknown value `verliog` for `sandbox`; did you mean `verilog`?
    ");
    insta::assert_snapshot!(said(|t| t["check"] = json!({"simulater": "icarus", "synthesizable": "yes"})), @r"
    t.jsonl:3: `check.synthesizable` must be true or false, not a string
    t.jsonl:3: unknown key `simulater` in `check`; did you mean `simulator`?
    ");
    insta::assert_snapshot!(said(|t| t["check"] = json!({"simulator": "ikarus"})), @"t.jsonl:3: unknown value `ikarus` for `check.simulator`; did you mean `icarus`?");
    insta::assert_snapshot!(said(|t| t["files"] = json!([{"path": "tb.v", "content": 1, "role": "testbensh"}])), @r"
    t.jsonl:3: `files[0].content` must be a string, not a whole number
    t.jsonl:3: unknown value `testbensh` for `files[0].role`; did you mean `testbench`?
    ");
    insta::assert_snapshot!(said(|t| t["limits"] = json!({"cpu_ms": 0, "memory": 1})), @r"
    t.jsonl:3: `limits.cpu_ms` is 0, but must be at least 1
    t.jsonl:3: unknown key `memory` in `limits`
    ");
    insta::assert_snapshot!(said(|t| { t["candidate"] = json!([]); t["id"] = json!(7); }), @r"
    t.jsonl:3: `candidate` must not be empty
    t.jsonl:3: `id` must be a string, not a whole number
    ");
    insta::assert_snapshot!(said(|t| *t = json!({"id": "x"})), @r"
    t.jsonl:3: missing key `candidate`
    t.jsonl:3: missing key `sandbox`; it takes `verilog`, `cuda`, `stm32f407`, `x86_64`, `cadquery`
    t.jsonl:3: missing key `sandbox`
    ");
    insta::assert_snapshot!(said(|t| *t = json!([1])), @"t.jsonl:3: the document must be an object, not a list");
}

#[test]
fn contradictions_are_found() {
    insta::assert_snapshot!(said(|t| t["check"] = json!({"pass": "(", "equivalence": true})), @r"
    t.jsonl:3: `check.equivalence` needs a file of role `reference`, and there is none
    t.jsonl:3: `check.pass` is no regular expression: unclosed group
    ");
    insta::assert_snapshot!(said(|t| { t["sandbox"] = json!("x86_64"); t["check"] = json!({"min_speedup": 2}); }), @"t.jsonl:3: `check.min_speedup` needs a file of role `baseline`, and there is none");
    let paths =
        json!([{"path": "../a", "content": ""}, {"path": "/etc/x", "content": ""}, {"path": "dut.v", "content": ""}]);
    insta::assert_snapshot!(said(|t| t["files"] = paths.clone()), @r"
    t.jsonl:3: bad path `../a`; it must be relative, `/`-separated, without `.`, `..`, empty parts, `\` or control characters
    t.jsonl:3: bad path `/etc/x`; it must be relative, `/`-separated, without `.`, `..`, empty parts, `\` or control characters
    t.jsonl:3: the path `dut.v` is used twice
    ");
}

#[test]
fn bad_lines_do_not_end_a_file() {
    let long = format!("\"{}\"", "x".repeat(MAX_LINE_BYTES));
    let good = minimal().to_string();
    let lines: [&[u8]; 7] = [
        b"\xef\xbb\xbf",
        good.as_bytes(),
        b"\n{\n\n",
        long.as_bytes(),
        b"\n\xff\n",
        good.as_bytes(),
        b"\n",
    ];
    let mut other = minimal();
    other["id"] = json!("t2");
    let text = [lines.concat(), other.to_string().into_bytes()].concat();
    let read: Vec<_> = TaskReader::new("t.jsonl", Cursor::new(text)).collect();
    let fine: Vec<_> = read.iter().filter(|(_, t)| t.is_ok()).map(|(line, _)| *line).collect();
    assert_eq!(fine, [1, 7]);
    let bad: Vec<_> = read.into_iter().filter_map(|(_, t)| t.err()).flatten().collect();
    insta::assert_snapshot!(render(&bad), @r"
    t.jsonl:2:1: not valid JSON: EOF while parsing an object
    t.jsonl:4: the line is longer than 16777216 bytes; split it, or leave out what the judge does not need
    t.jsonl:5: not UTF-8 from byte 1 of the line on
    t.jsonl:6: the id `t1` is used twice; first on line 1
    ");
}

#[test]
fn the_schema_knows_every_reference() {
    let schema = task_schema();
    let text = schema.to_string();
    let references: Vec<_> = text
        .split("\"$ref\":\"#")
        .skip(1)
        .filter_map(|r| r.split('"').next())
        .collect();
    assert!(
        references.len() >= 10 && references.iter().all(|r| schema.pointer(r).is_some()),
        "{references:?}"
    );
}

proptest! {
    #[test]
    fn no_line_panics(text in "(\\PC|[{}\\[\\]\":,a-z0-9]){0,150}") {
        let _ = parse_line("t.jsonl", 1, &text);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let lines = bytes.iter().filter(|b| **b == b'\n').count() + 1;
        prop_assert!(TaskReader::new("t.jsonl", Cursor::new(bytes)).count() <= lines);
    }
}
