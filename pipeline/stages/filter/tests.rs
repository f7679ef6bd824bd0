use super::*;

const GOOD: &str =
    "module a(input wire clk, input wire d, output reg q);\n  always @(posedge clk)\n    q <= d;\nendmodule\n";

fn outcome(config: &Config, licence: &str, text: &str) -> String {
    let (reason, detail) = judge(config, DomainId::Chip, licence, text);
    format!("{} {}", reason.unwrap_or("keep"), Value::Object(detail))
}

fn default(text: &str) -> String {
    outcome(&Config::default(), "MIT", text)
}

/// Golden: when one of these changes, raise the version.
#[test]
fn golden_reasons() {
    assert_eq!(SPEC.version, 1);
    insta::assert_snapshot!(default(GOOD), @"keep {}");
    insta::assert_snapshot!(default("`ifndef A_VH\n`define A_VH\n`define WIDTH 8\n`endif\n"), @"keep {}");
    insta::assert_snapshot!(default("`define OP_A 7'h01\n`define OP_B 7'h02\n`define OP_C 7'h03\n"), @"keep {}");
    insta::assert_snapshot!(default("a"), @r#"too_short {"measure":"chars","threshold":20,"value":1}"#);
    insta::assert_snapshot!(default("// only one line, no more"), @r#"too_short {"measure":"lines","threshold":2,"value":1}"#);
    insta::assert_snapshot!(default(&"a b c;\n".repeat(8001)), @r#"too_long {"measure":"lines","threshold":8000,"value":8001}"#);
    insta::assert_snapshot!(default(&format!("{GOOD}\n// {}", "x".repeat(1000))), @r#"long_lines {"measure":"line_chars","threshold":1000,"value":1003}"#);
    insta::assert_snapshot!(default(&format!("// Generator : SpinalHDL v1\n{GOOD}")), @r#"generated {"line":1,"marker":"// Generator : SpinalHDL v1"}"#);
    insta::assert_snapshot!(default(&"6F 00 C0 04 13 00\n".repeat(9)), @r#"data_table {"measure":"data_share","threshold":0.85,"value":1.0}"#);
    insta::assert_snapshot!(default(&"+--+--+--+ x\n".repeat(9)), @r#"low_alnum {"measure":"alnum_share","threshold":0.4,"value":0.0909}"#);
    insta::assert_snapshot!(default("(* blackbox *)\nmodule cell_x(input a,\n  output y);\nendmodule\n"), @"stub {}");
    insta::assert_snapshot!(outcome(&Config::default(), "GPL-2.0-only", GOOD), @r#"licence_denied {"licence":"GPL-2.0-only"}"#);
    insta::assert_snapshot!(outcome(&Config::default(), "unknown", GOOD), @r#"licence_unknown {"licence":"unknown"}"#);
}

#[test]
fn text_that_is_no_verilog_does_not_parse() {
    assert!(
        default("fn main() {\n  let x = |y| y?.z;\n}\nimpl<T> Foo for T where T: Bar {}\n").starts_with("parse_errors")
    );
}

#[test]
fn the_allow_list_decides_about_licences() {
    let lists = |names: &[&str]| Config {
        licences: names.iter().map(|s| s.to_string()).collect(),
        ..Config::default()
    };
    assert_eq!(outcome(&lists(&["unknown"]), "unknown", GOOD), "keep {}");
    assert!(outcome(&lists(&["unknown"]), "MIT", GOOD).starts_with("licence_denied"));
    assert_eq!(
        outcome(&lists(&["CERN-OHL-W-2.0", "MIT"]), "CERN-OHL-W-2.0 AND MIT", GOOD),
        "keep {}"
    );
}

#[test]
fn configurations_that_cannot_work_are_refused() {
    let build = |v: Value| (SPEC.build)(&v).map(|_| ()).unwrap_err();
    insta::assert_snapshot!(build(json!({"licences": []})), @"licences is empty: nothing could pass; name at least one, or `unknown`");
    insta::assert_snapshot!(build(json!({"max_data_share": 2})), @"max_data_share 2 is not a share between 0 and 1");
    assert!(build(json!({"min_char": 3})).contains("unknown field `min_char`"));
    assert!((SPEC.build)(&json!({})).is_ok());
}
