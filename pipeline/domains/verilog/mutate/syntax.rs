//! Defects that no compiler accepts: what was left out, left open or misspelt.

use super::site::Site;
use crate::domains::verilog::types::DefectType::*;

/// Keywords and the ways in which they are mistyped.
const MISSPELT: [(&str, &[&str]); 18] = [
    ("always", &["alwyas", "alway", "allways"]),
    ("assign", &["assgin", "asign", "assing"]),
    ("begin", &["begn", "bgein", "being"]),
    ("case", &["cas", "csae", "switch"]),
    ("casez", &["case_z", "caze"]),
    ("default", &["defualt", "defalt"]),
    ("else", &["esle", "els"]),
    ("end", &["edn", "ned"]),
    ("endcase", &["endcas", "end_case", "encase"]),
    ("endgenerate", &["endgenerat", "end_generate"]),
    ("endmodule", &["endmodul", "end_module", "endmoudle"]),
    ("generate", &["genrate", "generat"]),
    ("input", &["inptu", "imput"]),
    ("negedge", &["negege", "negdge"]),
    ("output", &["outptu", "ouput"]),
    ("posedge", &["posege", "posegde", "posdge"]),
    ("reg", &["regs", "rge", "register"]),
    ("wire", &["wrie", "wires", "wier"]),
];

/// Lists every defect of this category.
pub fn operators(site: &mut Site<'_>) {
    semicolons(site);
    ends(site);
    brackets(site);
    keywords(site);
    literals(site);
}

fn semicolons(site: &mut Site<'_>) {
    let f = site.flat;
    for i in site.of_kind(";") {
        let Some(parent) = f.parent(i) else { continue };
        let Some(about) = f.children(parent).next().filter(|&c| c != i) else {
            continue;
        };
        let header = matches!(
            f.kind(parent),
            "loop_statement" | "for_initialization" | "loop_generate_construct"
        );
        let header = header || matches!(f.kind(parent), "seq_block" | "module_item");
        if !header && !f.kind(about).contains("block") {
            site.broken(MissingSemicolon, "missing_semicolon", about, f.bytes(i), "");
        }
    }
}

fn ends(site: &mut Site<'_>) {
    let f = site.flat;
    for i in site.open.clone() {
        let (word, bytes) = (f.text(i), f.bytes(i));
        let labelled = f.source()[bytes.end..].trim_start().starts_with(':');
        if !f.is_leaf(i) || labelled {
            continue;
        }
        let about = f.parent(i).and_then(|block| f.parent(block)).unwrap_or(i);
        match word {
            "end" => {
                let gap = f.source()[bytes.end..].bytes().take_while(|b| *b == b' ').count();
                let line = site.with_line(bytes.clone());
                let bytes = if line == bytes {
                    bytes.start..bytes.end + gap
                } else {
                    line
                };
                site.broken(MissingEnd, "missing_end", about, bytes, "");
            }
            "begin" if f.parent(i).is_some_and(|b| several(site, b)) => {
                let gap = bytes.start - f.source()[..bytes.start].trim_end_matches(' ').len();
                site.broken(MissingEnd, "missing_begin", about, bytes.start - gap..bytes.end, "");
            }
            "endcase" => {
                site.broken(MissingEnd, "missing_endcase", about, site.with_line(bytes.clone()), "");
                site.broken(MissingEnd, "wrong_closing_keyword", about, bytes, "end");
            }
            "endmodule" | "endgenerate" | "endfunction" | "endtask" => {
                site.broken(MissingEnd, &format!("missing_{word}"), i, site.with_line(bytes), "");
            }
            _ => {}
        }
    }
}

fn several(site: &Site<'_>, block: usize) -> bool {
    site.flat
        .children(block)
        .filter(|&c| site.flat.kind(c) == "statement_or_null")
        .count()
        > 1
}

fn brackets(site: &mut Site<'_>) {
    let f = site.flat;
    for i in site.open.clone() {
        let operator = match f.kind(i) {
            ")" => "unclosed_parenthesis",
            "]" => "unclosed_bracket",
            "}" => "unclosed_brace",
            _ => continue,
        };
        let about = f.parent(i).unwrap_or(i);
        site.broken(UnclosedBracket, operator, about, f.bytes(i), "");
        if f.kind(i) == ")" {
            site.broken(UnclosedBracket, "extra_parenthesis", about, f.bytes(i), "))");
        }
    }
}

fn keywords(site: &mut Site<'_>) {
    let f = site.flat;
    for i in site
        .open
        .clone()
        .into_iter()
        .filter(|&i| f.is_leaf(i) && !f.node(i).is_named())
    {
        let word = f.text(i);
        let about = f.parent(i).unwrap_or(i);
        if let Some((_, variants)) = MISSPELT.iter().find(|m| m.0 == word) {
            let wrong = variants[site.pick(i, "misspelt", variants.len())];
            site.broken(IllegalKeyword, "misspelt_keyword", about, f.bytes(i), wrong);
        }
        if word == "else" && f.kind(i + 1) == "if" && f.source()[f.end(i)..f.start(i + 1)].trim().is_empty() {
            let joined = ["elseif", "elsif", "elif"][site.pick(i, "else", 3)];
            site.broken(IllegalKeyword, "joined_else_if", i, f.start(i)..f.end(i + 1), joined);
        }
        if word == "assign" && f.kind(about) == "continuous_assign" {
            let gap = f.source()[f.end(i)..].bytes().take_while(|b| *b == b' ').count();
            site.broken(IllegalKeyword, "missing_assign", about, f.start(i)..f.end(i) + gap, "");
        }
    }
}

fn literals(site: &mut Site<'_>) {
    let f = site.flat;
    for i in site.open.clone() {
        let kind = f.kind(i);
        if !matches!(kind, "binary_number" | "hex_number" | "decimal_number" | "octal_number") {
            continue;
        }
        let (Some(size), Some(value)) = (f.field(i, "size"), f.field(i, "value")) else {
            continue;
        };
        let digits = f.text(value);
        // A letter that looks like the digit: what was meant can still be read.
        if let Some(at) = digits.rfind(['0', '1']) {
            let wrong = if digits[at..].starts_with('0') { "O" } else { "l" };
            let byte = f.start(value) + at..f.start(value) + at + 1;
            site.broken(BadLiteral, "digit_out_of_base", i, byte, wrong);
        }
        site.broken(
            BadLiteral,
            "missing_quote",
            i,
            f.bytes(i),
            &f.text(i).replacen('\'', "", 1),
        );
        if kind == "hex_number" {
            let (c, bytes) = (format!("0x{}", digits.replace('_', "")), f.bytes(i));
            site.broken(BadLiteral, "c_style_literal", i, bytes, &c);
        }
        let beyond = |set: &str| digits.contains(|c: char| set.contains(c.to_ascii_lowercase()));
        let based = |b: &str| format!("{}'{b}{digits}", f.text(size));
        if kind == "hex_number" && beyond("abcdef") {
            site.broken(BadLiteral, "wrong_base", i, f.bytes(i), &based("d"));
        } else if matches!(kind, "hex_number" | "decimal_number") && beyond("23456789") {
            site.broken(BadLiteral, "wrong_base", i, f.bytes(i), &based("b"));
        }
    }
}
