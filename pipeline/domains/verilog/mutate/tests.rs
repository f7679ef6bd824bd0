use super::*;
use crate::domains::verilog::syntax::{comments, error_share};
use crate::domains::verilog::types::Category;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A controller with something for every operator to do.
const UNIT: &str = r#"// SPDX-License-Identifier: ISC
module ctl #(parameter W = 8) (
    input             clk,
    input             rst_n,
    input      [W-1:0] din,
    input             start, // begins a transfer
    output reg [W-1:0] dout,
    output            busy
);
    localparam IDLE = 2'd0, RUN = 2'd1, DONE = 2'd2;
    reg [1:0] state, state_next;
    reg [3:0] count_a;
    reg [3:0] count_b, seen;
    wire signed [7:0] level;
    wire [7:0] sum = {1'b0, din[7:1]} + {4'hf, count_a};

    assign busy = (state != IDLE) && !start || ~&count_a;
    assign level = $signed(din) >>> 2;

    always @(posedge clk or negedge rst_n) begin
        if (!rst_n) begin
            state <= IDLE;
            count_a <= 4'd0;
        end else begin
            state <= state_next;
            if (state == RUN)
                count_a <= count_a + 1;
            count_b <= count_a ^ 4'b1010;
            dout[3:0] <= count_b;
            dout[4] <= ^sum;
        end
    end

    always @(posedge clk) seen <= dout[3:0];

    always @(*) begin
        state_next = state;
        case (state)
            IDLE: if (start && din > 8'd3) state_next = RUN; else state_next = IDLE;
            RUN: begin
                if (count_a >= 4'd9)
                    state_next = DONE;
            end
            default: state_next = IDLE;
        endcase
    end

    sub #(.W(W)) u_sub (
        .clk  (clk),
        .a    (count_a),
        .b    (count_b),
        .q    ()
    );
    initial begin
        count_a = 4'd1; // not live: a <= b
    end
endmodule
"#;

fn all() -> Vec<Mutation> {
    mutations(UNIT, "ctl", 3)
}

fn of<'a>(list: &'a [Mutation], operator: &str) -> Vec<&'a Mutation> {
    list.iter().filter(|m| m.operator == operator).collect()
}

#[test]
fn all_types_are_covered() {
    let all = all();
    let types: BTreeSet<DefectType> = all.iter().map(|m| m.defect).collect();
    let operators: BTreeSet<&str> = all.iter().map(|m| m.operator.as_str()).collect();
    assert_eq!(types.len(), 20, "{types:?}");
    assert!(operators.len() >= 55, "{}: {operators:?}", operators.len());
}

#[test]
fn changes_are_exact_small_and_live() {
    let initial = UNIT.find("initial begin").expect("there")..UNIT.find("endmodule").expect("there");
    for m in all() {
        assert_eq!(&UNIT[m.start..m.end], m.original);
        let mutant = apply(UNIT, &m);
        assert_ne!(mutant, UNIT);
        assert_eq!(mutant.len(), UNIT.len() - m.original.len() + m.replacement.len());
        assert!(!initial.contains(&m.start), "{m:?}");
        assert!(
            comments(UNIT)
                .iter()
                .all(|c| !c.bytes.contains(&m.start) || m.original.contains('\n')),
            "{m:?}"
        );
        let line = |at: usize| UNIT[..at].matches('\n').count() as u32 + 1;
        assert_eq!(
            m.lines,
            (line(m.start), line(m.end.saturating_sub(1).max(m.start))),
            "{m:?}"
        );
        assert!(m.lines.1 - m.lines.0 < 4 && m.context.chars().count() <= 200 && !m.context.is_empty());
        assert!(!m.context.contains("//") && !m.replacement.contains("//"));
    }
}

#[test]
fn the_flag_agrees_with_the_grammar() {
    for m in all() {
        let share = error_share(&apply(UNIT, &m));
        if m.semantic {
            assert_eq!(share, 0.0, "{m:?}");
        } else {
            assert!(
                m.defect.category() != Category::Logic || m.operator == "assignment_in_condition",
                "{m:?}"
            );
        }
    }
}

#[test]
fn descriptions_name_what_is_driven() {
    let all = all();
    let wrong = of(&all, "wrong_next_state");
    assert!(
        wrong
            .iter()
            .any(|m| m.subject.as_deref() == Some("state_next") && m.context == "state_next = DONE")
    );
    let reset = of(&all, "reset_polarity");
    assert_eq!(
        (reset[0].context.as_str(), reset[0].subject.as_deref()),
        ("if (!rst_n)", Some("state"))
    );
    let port = of(&all, "swapped_ports");
    assert_eq!(port[0].subject.as_deref(), Some("u_sub"));
    let busy = of(&all, "inverted_equality");
    assert_eq!(busy[0].context, "assign busy = (state != IDLE) && !start || ~&count_a;");
    assert_eq!(
        of(&all, "default_case_dropped")[0].original,
        "            default: state_next = IDLE;\n"
    );
}

#[test]
fn resets_are_told_from_transitions() {
    let all = all();
    assert!(
        of(&all, "wrong_next_state")
            .iter()
            .all(|m| m.context != "state <= IDLE")
    );
    assert_eq!(of(&all, "wrong_reset_state")[0].context, "state <= IDLE");
    assert!(
        of(&all, "register_not_reset")
            .iter()
            .any(|m| m.original == "            count_a <= 4'd0;\n")
    );
}

#[test]
fn changes_are_such_as_people_make() {
    let src = UNIT.replace(
        "if (!rst_n) begin",
        "if (RESET_STYLE != 1) begin end\n        if (!rst_n) begin",
    );
    let src = src.replace("parameter W = 8", "parameter W = 8, RESET_STYLE = 1");
    let list = mutations(&src, "ctl", 7);
    let style = |m: &&Mutation| m.original.contains("RESET_STYLE") && m.operator == "reset_polarity";
    assert_eq!(list.iter().find(style), None);
    assert!(list.iter().any(|m| m.operator == "reset_polarity"));
    for m in of(&list, "digit_out_of_base") {
        assert!(
            matches!((&*m.original, &*m.replacement), ("0", "O") | ("1", "l")),
            "{m:?}"
        );
    }
    assert!(
        of(&list, "wrong_increment")
            .iter()
            .all(|m| !m.replacement.ends_with('0'))
    );
}

#[test]
fn what_is_not_compiled_is_left_alone() {
    let text =
        "module a(input x, output y);\n`ifdef NEVER\nassign y = x & 1'b0;\n`else\nassign y = !x;\n`endif\nendmodule\n";
    let all = mutations(text, "a", 1);
    assert!(!all.is_empty() && all.iter().all(|m| m.operator == "missing_endmodule" || m.lines.0 != 3));
    assert!(mutations(text, "b", 1).is_empty() && mutations("not verilog", "a", 1).is_empty());
}

#[test]
fn choice_is_spread_and_capped() {
    let all = all();
    let caps = Caps {
        blocking: 1,
        ..Caps::default()
    };
    let chosen = select(&all, 5, 24, 10, caps);
    let semantic = chosen.iter().filter(|m| m.semantic).count();
    assert_eq!((semantic, chosen.len()), (24, 34));
    let types: BTreeSet<DefectType> = chosen.iter().map(|m| m.defect).collect();
    assert!(types.len() >= 18, "{types:?}");
    assert!(chosen.iter().filter(|m| m.defect == DefectType::BlockingMisuse).count() <= 1);
    for m in &chosen {
        assert!(chosen.iter().filter(|o| o.operator == m.operator).count() <= caps.per_operator);
        let beside = |o: &&Mutation| o.semantic == m.semantic && o.lines == m.lines;
        assert!(chosen.iter().filter(beside).count() <= caps.per_line);
    }
    assert_eq!(chosen, select(&all, 5, 24, 10, caps));
    assert_ne!(chosen, select(&all, 6, 24, 10, caps));
    assert!(select(&all, 5, 0, 0, caps).is_empty());
}

#[test]
fn a_change_that_does_not_fit_is_not_made() {
    let m = all().remove(0);
    assert_eq!(apply("short", &m), "short");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever is cut out of a module, operators neither panic nor reach outside the text.
    #[test]
    fn damaged_modules_are_survived(cut in 0usize..1900, len in 0usize..60, seed: u64) {
        let end = (cut + len).min(UNIT.len());
        let text = format!("{}{}", &UNIT[..cut.min(UNIT.len())], &UNIT[end..]);
        for m in mutations(&text, "ctl", seed) {
            prop_assert_eq!(text.get(m.start..m.end), Some(m.original.as_str()));
            prop_assert!(apply(&text, &m) != text);
        }
    }
}
