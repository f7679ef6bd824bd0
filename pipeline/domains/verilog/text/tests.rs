//! The texts on a small module with a known content.

use super::*;
use crate::domains::verilog::types::{DefectType, Direction, Mismatch, Mutation, Port, PortRole};
use proptest::prelude::*;

const FIFO: &str = "\
// Function: Level counter
module level #(parameter D = 4) (
   input clk,
   input rst_n,
   input push, // one word in
   input pop,
   output full,
   output reg [3:0] count
);
   assign full = count == D;
   always @(posedge clk or negedge rst_n)
     if (!rst_n)
       count <= 4'd0;
     else if (push & ~pop & ~full)
       count <= count + 1'b1;
     else if (pop & ~push)
       count <= count - 1'b1;
endmodule
";

fn ports() -> Vec<Port> {
    let port = |name: &str, direction, width, role| Port {
        name: name.into(),
        direction,
        width,
        signed: false,
        role,
    };
    vec![
        port("clk", Direction::Input, 1, PortRole::Clock),
        port("rst_n", Direction::Input, 1, PortRole::ResetLow),
        port("push", Direction::Input, 1, PortRole::Data),
        port("pop", Direction::Input, 1, PortRole::Data),
        port("full", Direction::Output, 1, PortRole::Data),
        port("count", Direction::Output, 4, PortRole::Data),
    ]
}

fn mutation(defect: DefectType, operator: &str, old: &str, new: &str, semantic: bool) -> Mutation {
    let start = FIFO.find(old).unwrap();
    Mutation {
        defect,
        operator: operator.into(),
        node_kind: "expression".into(),
        start,
        end: start + old.len(),
        replacement: new.into(),
        lines: (0, 0),
        original: old.into(),
        subject: None,
        context: String::new(),
        semantic,
    }
}

fn dialogue(m: &Mutation, evidence: Evidence, seed: u64) -> Vec<crate::chat::Message> {
    let f = facts(FIFO, "level", &ports()).unwrap();
    let broken = [&FIFO[..m.start], &m.replacement, &FIFO[m.end..]].concat();
    let input = RepairInput {
        facts: &f,
        original: FIFO,
        broken: &broken,
        mutation: m,
        evidence,
        file: "level.v",
        platform: "Icarus Verilog 11, -g2012",
        seed,
    };
    assert!((1..=5).contains(&repair_difficulty(&input)));
    repair(&input).unwrap()
}

#[test]
fn the_requirement_says_all_that_is_needed() {
    let f = facts(FIFO, "level", &ports()).unwrap();
    let r = describe(&f, 3);
    assert_eq!((r.completeness, r.reason), (1.0, None));
    insta::assert_snapshot!(r.text, @r"
    Design the module `level` described here and give the complete Verilog source. The module `level` is a clocked block with a counter (`count`). Its stated purpose: level counter.

    Parameters, in this order:
    - `D`, default `4`

    Ports:

    | port | direction | width | role |
    |---|---|---|---|
    | `clk` | input | 1 | clock |
    | `rst_n` | input | 1 | reset, active low |
    | `push` | input | 1 | one word in |
    | `pop` | input | 1 |  |
    | `full` | output | 1 |  |
    | `count` | output | 4 |  |

    Clock and reset:
    - All state changes on the rising edge of `clk`; `rst_n` resets while low, asynchronously (at once, without a clock edge).

    Behaviour of the outputs:
    - `full` is high exactly when `count` equals `D`.
    - `count`:
      - reset (`rst_n` low) sets it to `4'd0`
      - when `push` is high and `pop` and `full` are both low, increases by 1
      - otherwise, when `pop` is high and `push` is low, decreases by 1
      - otherwise keeps its value

    Registers hold their value unless a rule above says otherwise.
    ");
}

#[test]
fn an_unreadable_part_lowers_completeness() {
    let src = FIFO.replace(
        "assign full = count == D;",
        "assign full = f(count); function f; input [3:0] x; f = &x; endfunction",
    );
    let r = describe(&facts(&src, "level", &ports()).unwrap(), 3);
    assert!(r.completeness < ENOUGH, "{r:?}");
    assert!(r.reason.unwrap().contains("function"));
    assert!(facts(FIFO, "other", &ports()).is_none());
}

#[test]
fn a_wrong_operator_is_explained_from_the_log() {
    let m = mutation(DefectType::Algorithm, "minus_for_plus", "+ 1'b1", "- 1'b1", true);
    let mismatches = [Mismatch {
        cycle: 7,
        phase: "after_edge".into(),
        signal: "count".into(),
        expected: "4'h1".into(),
        got: "4'hf".into(),
    }];
    let evidence = Evidence::Simulation {
        mismatches: &mismatches,
        inputs: &[],
        cycles: 200,
        log: &[],
    };
    for seed in 0..20 {
        let [user, assistant] = &dialogue(&m, evidence, seed)[..] else {
            panic!()
        };
        assert!(
            assistant.content.contains("line 15") || assistant.content.contains("Line 15"),
            "{}",
            assistant.content
        );
        assert!(assistant.content.contains("count + 1'b1") && assistant.content.contains(FIFO.trim_end()));
        assert!(
            user.content.contains("cycle 7: count expected 4'h1, got 4'hf") && user.content.contains("count - 1'b1")
        );
        assert!(!user.content.contains("operator") && !user.content.contains("Algorithm"));
    }
    let (a, b) = (dialogue(&m, evidence, 1), dialogue(&m, evidence, 1));
    assert_eq!(a, b);
}

#[test]
fn a_symptom_away_from_its_cause_is_traced() {
    let m = mutation(DefectType::ResetLogic, "wrong_reset_value", "4'd0", "4'd1", true);
    let mismatches = [Mismatch {
        cycle: 2,
        phase: "after_edge".into(),
        signal: "full".into(),
        expected: "1'b0".into(),
        got: "1'b1".into(),
    }];
    let evidence = Evidence::Simulation {
        mismatches: &mismatches,
        inputs: &[],
        cycles: 200,
        log: &[],
    };
    for seed in 0..12 {
        let text = &dialogue(&m, evidence, seed)[1].content;
        assert!(
            text.contains("`count`") && text.contains("`full`") && text.contains("13"),
            "{text}"
        );
    }
}

#[test]
fn a_compiler_message_is_put_in_relation() {
    let m = mutation(
        DefectType::MissingSemicolon,
        "missing_semicolon",
        ";\n   always",
        "\n   always",
        false,
    );
    let log = ["level.v:11: syntax error".to_string()];
    for seed in 0..12 {
        let text = &dialogue(&m, Evidence::Compile { log: &log }, seed)[1].content;
        assert!(text.contains("line 10") || text.contains("Line 10"), "{text}");
    }
    let m = Mutation {
        original: "nothing".into(),
        start: 9_999,
        end: 10_000,
        ..m
    };
    let f = facts(FIFO, "level", &ports()).unwrap();
    let evidence = Evidence::Compile { log: &log };
    let input = RepairInput {
        facts: &f,
        original: FIFO,
        broken: "",
        mutation: &m,
        evidence,
        file: "",
        platform: "",
        seed: 0,
    };
    assert_eq!(repair(&input), None);
}

#[test]
fn both_samples_of_a_cycle_are_told_apart() {
    let m = mutation(DefectType::Algorithm, "minus_for_plus", "+ 1'b1", "- 1'b1", true);
    let at = |phase: &str, expected: &str| Mismatch {
        cycle: 7,
        phase: phase.into(),
        signal: "count".into(),
        expected: expected.into(),
        got: "4'hf".into(),
    };
    let inputs = [("push".to_string(), "1'h1".to_string())];
    let log = |mismatches: &[Mismatch]| {
        let evidence = Evidence::Simulation {
            mismatches,
            inputs: &inputs,
            cycles: 200,
            log: &[],
        };
        dialogue(&m, evidence, 4).swap_remove(0).content
    };
    let text = log(&[at("before_edge", "4'h0"), at("after_edge", "4'h1")]);
    assert!(
        text.contains("cycle 7 (before the edge): count expected 4'h0, got 4'hf (push=1'h1)"),
        "{text}"
    );
    assert!(
        text.contains("cycle 7 (after the edge): count expected 4'h1, got 4'hf\n"),
        "{text}"
    );
    let text = log(&[at("before_edge", "4'h0")]);
    assert!(text.contains("cycle 7: count expected 4'h0"), "{text}");
}

#[test]
fn a_message_about_another_file_is_not_taken_for_a_line_of_this_one() {
    let m = mutation(
        DefectType::MissingSemicolon,
        "missing_semicolon",
        ";\n   always",
        "\n   always",
        false,
    );
    let log = ["rtl/deep/other.v:3: error: Unknown something".to_string()];
    for seed in 0..12 {
        let dialogue = dialogue(&m, Evidence::Compile { log: &log }, seed);
        assert!(
            dialogue[0].content.contains("\nother.v:3: error"),
            "{}",
            dialogue[0].content
        );
        let text = &dialogue[1].content;
        assert!(
            text.contains("`other.v`") && !text.contains("lines before") && !text.contains("parser gives up"),
            "{text}"
        );
    }
}

#[test]
fn a_blocking_assignment_that_nobody_reads_in_time_is_not_explained() {
    let m = mutation(
        DefectType::BlockingMisuse,
        "blocking_in_clocked",
        "<= 4'd0",
        "= 4'd0",
        true,
    );
    let m = Mutation {
        original: "<=".into(),
        replacement: "=".into(),
        end: m.start + 2,
        ..m
    };
    let mismatches = [Mismatch {
        cycle: 2,
        phase: "after_edge".into(),
        signal: "count".into(),
        expected: "4'h0".into(),
        got: "4'h1".into(),
    }];
    let f = facts(FIFO, "level", &ports()).unwrap();
    let broken = [&FIFO[..m.start], &m.replacement, &FIFO[m.end..]].concat();
    let input = RepairInput {
        facts: &f,
        original: FIFO,
        broken: &broken,
        mutation: &m,
        evidence: Evidence::Simulation {
            mismatches: &mismatches,
            inputs: &[],
            cycles: 200,
            log: &[],
        },
        file: "level.v",
        platform: "Icarus Verilog 11",
        seed: 1,
    };
    assert_eq!(repair(&input), None);
}

#[test]
fn an_index_is_not_driven_by_what_it_selects() {
    let src = "module top(input [3:0] a, output [3:0] q);\n  genvar i;\n  generate\n    for (i = 0; i < 4; i = i + 1) begin: g\n      inv u (.a(a[i]), .z(q[i]));\n    end\n  endgenerate\nendmodule\n";
    let port = |name: &str, direction| Port {
        name: name.into(),
        direction,
        width: 4,
        signed: false,
        role: PortRole::Data,
    };
    let ports = [port("a", Direction::Input), port("q", Direction::Output)];
    let text = describe(&facts(src, "top", &ports).unwrap(), 2).text;
    assert!(
        text.contains("`q` comes from port `z`") && !text.contains("`i` comes from"),
        "{text}"
    );
}

#[test]
fn quoted_operands_keep_their_parentheses() {
    assert_eq!(explain::binary("a ^ b", "+", "c"), "(a ^ b) + c");
    assert_eq!(explain::binary("a", "&", "b | c"), "a & (b | c)");
}

#[test]
fn a_direct_answer_has_notes_and_code() {
    let f = facts(FIFO, "level", &ports()).unwrap();
    let requirement = describe(&f, 5);
    let m = direct(&DirectInput {
        facts: &f,
        requirement: &requirement,
        code: FIFO,
        platform: "Icarus Verilog 11",
        seed: 5,
    });
    let notes = m[1].content.split("```").next().unwrap();
    assert!(
        (2..=5).contains(&notes.matches(". ").count().max(notes.trim_end().matches('.').count())),
        "{notes}"
    );
    assert!(m[0].content.contains("`push`") && m[1].content.ends_with("```"));
    assert_eq!(interface("level", &ports())["ports"][5]["width"], 4);
}

proptest! {
    #[test]
    fn hostile_text_never_panics(cut in 0..600usize, junk in "[-a-z0-9()\\[\\]{}<>=;:,'\"`é \n*/&|!~?#@.]{0,60}", seed: u64) {
        let cut = cut.min(FIFO.len());
        let src = format!("{}{junk}{}", &FIFO[..cut], &FIFO[cut..]);
        if let Some(f) = facts(&src, "level", &ports()) {
            let r = describe(&f, seed);
            prop_assert!((0.0..=1.0).contains(&r.completeness));
        }
    }
}
