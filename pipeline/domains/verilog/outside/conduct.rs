//! What a candidate must not do to the simulation that judges it.
//!
//! A candidate shares its simulation with the testbench: it could print the words of success itself, end the run, read
//! the expected values, or reach into the testbench. So its tokens are looked at before it runs; a candidate that does
//! any of this does not pass (`bad_output`), whatever the log says. What is no way to a verdict it may do: print a
//! line that nobody could take for success, dump waveforms, read a file of its own.
//!
//! Where the testbench's top is known, only what it reaches is elaborated, so a module that the candidate carries along
//! and nothing uses (a testbench of its own, say) is not looked at.

use super::check::Patterns;
use super::lex::{self, Kind, Token, Unit};
use super::said::could_pass;
use super::suite::{File, Part, Suite, base};
use crate::domains::verilog::harness::policy::HARMLESS;
use std::collections::BTreeSet;

/// System tasks beyond [`HARMLESS`] that give no verdict. (`$fatal` ends a run with an exit status that never passes.)
const FREE: &[&str] = &[
    "$cast",
    "$countbits",
    "$dimensions",
    "$dumpoff",
    "$dumpon",
    "$dumpvars",
    "$exp",
    "$fatal",
    "$fell",
    "$increment",
    "$ln",
    "$log10",
    "$past",
    "$rose",
    "$sformatf",
    "$stable",
    "$typename",
    "$unit",
    "$unpacked_dimensions",
];
const PRINT: &[&str] = &[
    "$display", "$error", "$fatal", "$info", "$monitor", "$strobe", "$warning", "$write",
];
/// Names that only tell one tool from another.
const TOOLS: &[&str] = &[
    "__ICARUS__",
    "IVERILOG",
    "VERILATOR",
    "verilator",
    "YOSYS",
    "COCOTB_SIM",
];

/// What speaks against the candidate, one line each, sorted; empty where nothing does.
pub fn refusals(suite: &Suite, patterns: &Patterns) -> Vec<String> {
    let candidate: Vec<&File> = suite.of(&[Part::Candidate]).collect();
    let all: Vec<Vec<Token>> = candidate.iter().map(|f| lex::tokens(&f.text)).collect();
    let units: Vec<Vec<Unit>> = all.iter().map(|t| lex::units(t)).collect();
    let reached = reached(suite, &units);
    let look = Look {
        patterns,
        files: own_files(suite),
        scopes: suite_scopes(suite),
    };
    let mut found = BTreeSet::new();
    for (tokens, units) in all.iter().zip(&units) {
        for unit in units.iter().filter(|u| reached.contains(u.name)) {
            look.at(unit.tokens, &mut found);
        }
        look.at(&outside(tokens, units), &mut found);
        everywhere(tokens, &mut found);
    }
    let taken = suite.declared(&[Part::Support, Part::Testbench]);
    let reference = suite.declared(if suite.compared { &[Part::Reference] } else { &[] });
    for name in suite.declared(&[Part::Candidate]) {
        if taken.contains(&name) || reference.contains(&name) {
            found.insert(format!("declares `{name}`, which is the task's"));
        }
    }
    found.into_iter().collect()
}

/// Names of the candidate's units that the testbench reaches; all of them where its top is not known.
fn reached<'a>(suite: &Suite, units: &[Vec<Unit<'_, 'a>>]) -> BTreeSet<&'a str> {
    let all: Vec<&Unit> = units.iter().flatten().collect();
    let everything = || all.iter().map(|u| u.name).collect();
    if suite.tops.is_empty() {
        return everything();
    }
    let words = |tokens: &[Token]| -> BTreeSet<String> {
        let words = tokens.iter().filter(|t| t.kind == Kind::Word);
        words.map(|t| t.text.to_string()).collect()
    };
    let others = suite.of(&[Part::Testbench, Part::Support, Part::Reference]);
    let mut named: BTreeSet<String> = others.flat_map(|f| words(&lex::tokens(&f.text))).collect();
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    while let Some(unit) = all.iter().find(|u| named.contains(u.name) && !reached.contains(u.name)) {
        reached.insert(unit.name);
        named.extend(words(unit.tokens));
    }
    if reached.is_empty() { everything() } else { reached }
}

/// Names of the files that a candidate may read or include: its own, and support that the testbench does not read.
fn own_files(suite: &Suite) -> BTreeSet<String> {
    let bench: BTreeSet<String> = suite
        .of(&[Part::Testbench, Part::Reference])
        .flat_map(|f| {
            let tokens = lex::tokens(&f.text);
            let texts = tokens
                .iter()
                .enumerate()
                .filter(|(at, t)| t.kind == Kind::Text && !(*at > 0 && tokens[at - 1].is("`include")));
            texts.map(|(_, t)| base(t.text.trim_matches('"'))).collect::<Vec<_>>()
        })
        .collect();
    let own = suite.of(&[Part::Candidate, Part::Support]);
    own.filter(|f| f.part == Part::Candidate || !bench.contains(&base(&f.path)))
        .map(|f| base(&f.path))
        .collect()
}

/// Interfaces and packages, whose names a dot or two colons follow without leaving the candidate.
fn suite_scopes(suite: &Suite) -> BTreeSet<String> {
    let parts = [Part::Support, Part::Testbench, Part::Reference, Part::Candidate];
    suite
        .of(&parts)
        .flat_map(|f| {
            let tokens = lex::tokens(&f.text);
            let scopes = lex::units(&tokens)
                .into_iter()
                .filter(|u| matches!(u.keyword, "interface" | "package"));
            scopes.map(|u| u.name.to_string()).collect::<Vec<_>>()
        })
        .collect()
}

/// What stands in no unit.
fn outside<'a>(tokens: &[Token<'a>], units: &[Unit<'_, 'a>]) -> Vec<Token<'a>> {
    let start = |u: &Unit| (u.tokens.as_ptr() as usize - tokens.as_ptr() as usize) / size_of::<Token>();
    let mut inside = vec![false; tokens.len()];
    for unit in units {
        let at = start(unit);
        inside[at..at + unit.tokens.len()].fill(true);
    }
    tokens
        .iter()
        .zip(inside)
        .filter(|(_, inside)| !inside)
        .map(|(t, _)| *t)
        .collect()
}

/// What has no business in a design, in whichever unit it stands.
fn everywhere(tokens: &[Token], found: &mut BTreeSet<String>) {
    for pair in tokens.windows(2) {
        let [token, next] = pair else { continue };
        if token.kind == Kind::Word && matches!(token.text, "bind" | "config") {
            found.insert(format!("uses `{}`", token.text));
        }
        if token.kind == Kind::Word && matches!(token.text, "import" | "export") && next.kind == Kind::Text {
            found.insert("calls foreign code".into());
        }
        if matches!(token.text, "`ifdef" | "`ifndef" | "`elsif") && TOOLS.contains(&next.text) {
            found.insert(format!("tells tools apart by `{}`", next.text));
        }
    }
}

struct Look<'s> {
    patterns: &'s Patterns,
    files: BTreeSet<String>,
    scopes: BTreeSet<String>,
}

impl Look<'_> {
    fn at(&self, tokens: &[Token], found: &mut BTreeSet<String>) {
        for (at, token) in tokens.iter().enumerate() {
            let refusal = match token.kind {
                Kind::System => self.system(tokens, at),
                Kind::Macro => self.directive(tokens, at),
                Kind::Word if matches!(token.text, "force" | "release") => Some(format!("uses `{}`", token.text)),
                _ => None,
            };
            found.extend(refusal);
        }
        self.reaches_out(tokens, found);
    }

    fn system(&self, tokens: &[Token], at: usize) -> Option<String> {
        let name = tokens[at].text;
        let argument = tokens
            .get(at + 1)
            .filter(|t| t.is("("))
            .and_then(|_| tokens.get(at + 2));
        let literal = argument
            .filter(|t| t.kind == Kind::Text)
            .map(|t| t.text.trim_matches('"'));
        if PRINT.iter().any(|p| {
            name.strip_prefix(p)
                .is_some_and(|rest| matches!(rest, "" | "b" | "h" | "o"))
        }) {
            return (!self.harmless_print(tokens, at))
                .then(|| format!("could print the verdict itself, with `{name}`"));
        }
        match (name, literal) {
            ("$readmemh" | "$readmemb", Some(path)) if self.files.contains(&base(path)) => None,
            ("$readmemh" | "$readmemb", path) => Some(format!("reads {} with `{name}`", path.unwrap_or("a file"))),
            ("$dumpfile", Some(path)) if path.ends_with(".vcd") => None,
            _ if HARMLESS.contains(&name) || FREE.contains(&name) || name.len() == 1 => None,
            _ => Some(format!("uses `{name}`")),
        }
    }

    /// Whether a print can come to nothing that reads as success: one plain line with numbers in it.
    fn harmless_print(&self, tokens: &[Token], at: usize) -> bool {
        let call = match tokens.get(at + 1) {
            Some(t) if t.is("(") => &tokens[at + 2..lex::after_parentheses(tokens, at + 1).max(at + 3) - 1],
            _ => return !tokens[at].text.starts_with("$write"),
        };
        let call = match call.first() {
            // `$fatal(1, "…")`
            Some(t) if t.kind == Kind::Number && tokens[at].is("$fatal") => call.get(2..).unwrap_or(&[]),
            _ => call,
        };
        let Some(format) = call.first() else { return true };
        let texts = call.iter().filter(|t| t.kind == Kind::Text).count();
        let arguments = call.iter().filter(|t| t.is(",")).count();
        if format.kind != Kind::Text || texts != 1 {
            return false;
        }
        let format = format.text.trim_matches('"');
        let partial = tokens[at].text.starts_with("$write") && !format.ends_with("\\n");
        let Some((line, numbers)) = plain(format.trim_end_matches("\\n")) else {
            return false;
        };
        let own = self.patterns.pass.is_some();
        // A number could be what a pattern of the user's looks for; the defaults want words.
        let open = partial || arguments > numbers || (own && numbers > 0);
        !open && !could_pass(self.patterns, &line)
    }

    fn directive(&self, tokens: &[Token], at: usize) -> Option<String> {
        match tokens[at].text {
            "``" => Some("pastes macro tokens".into()),
            "`line" => Some("renumbers lines".into()),
            "`include" => {
                let name = tokens
                    .get(at + 1)
                    .filter(|t| t.kind == Kind::Text)
                    .map(|t| base(t.text.trim_matches('"')));
                match name {
                    Some(name) if self.files.contains(&name) => None,
                    name => Some(format!(
                        "includes {}",
                        name.map_or("a file".into(), |n| format!("`{n}`"))
                    )),
                }
            }
            _ => None,
        }
    }

    /// Names with a dot whose head the unit does not know are looked for upwards: in the testbench.
    fn reaches_out(&self, tokens: &[Token], found: &mut BTreeSet<String>) {
        let dot = |at: usize| tokens.get(at).is_some_and(|t| t.is("."));
        let mut known: BTreeSet<&str> = BTreeSet::from(["this", "super"]);
        let mut defining = false;
        for (at, token) in tokens.iter().enumerate() {
            defining |= token.is("`define");
            let before = at > 0 && dot(at - 1);
            if token.kind == Kind::Word && !before && !dot(at + 1) && !defining {
                known.insert(token.text);
            }
            // A line that ends in a backslash goes on.
            defining &= !token.last || token.text.is_empty();
        }
        for at in 1..tokens.len().saturating_sub(1) {
            if !tokens[at].is(".") || tokens[at + 1].kind != Kind::Word {
                continue;
            }
            let Some(head) = head(tokens, at) else { continue };
            let name = tokens[head].text;
            let chained =
                head > 0 && (dot(head - 1) || tokens[head - 1].is(":") && head > 1 && tokens[head - 2].is(":"));
            if !chained && !known.contains(name) && !self.scopes.contains(name) {
                found.insert(format!("reaches out to `{name}.{}`", tokens[at + 1].text));
            }
        }
    }
}

/// Where the name before a dot begins: `a` of `a.b`, of `a[3].b`.
fn head(tokens: &[Token], dot: usize) -> Option<usize> {
    let mut at = dot.checked_sub(1)?;
    let mut depth = 0usize;
    loop {
        let token = &tokens[at];
        if token.is("]") {
            depth += 1;
        } else if token.is("[") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 {
            return matches!(token.kind, Kind::Word | Kind::Macro).then_some(at);
        }
        at = at.checked_sub(1)?;
    }
}

/// A format with its numbers replaced by 0, and how many there are; `None` where it could print any text.
fn plain(format: &str) -> Option<(String, usize)> {
    let mut line = String::new();
    let mut numbers = 0;
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            // Octal and other escapes spell words that the text does not show.
            '\\' => match rest.next()? {
                't' => line.push(' '),
                quoted @ ('"' | '\\') => line.push(quoted),
                _ => return None,
            },
            '%' => {
                while rest.next_if(|c| c.is_ascii_digit() || matches!(c, '.' | '-')).is_some() {}
                match rest.next()?.to_ascii_lowercase() {
                    '%' => line.push('%'),
                    'd' | 'h' | 'x' | 'b' | 'o' | 't' | 'f' | 'e' | 'g' => {
                        line.push('0');
                        numbers += 1;
                    }
                    _ => return None,
                }
            }
            c => line.push(c),
        }
    }
    Some((line, numbers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::verilog::outside::check::ExternalCheck;
    use crate::recipe::tasks::{CandidateFile, Role, TaskFile};

    const BENCH: &str = "module tb; wire y; Ref good1(y); dut uut(y); bus_if bus(); reg [7:0] want [0:3];
        initial begin $readmemh(\"want.hex\", want); $display(\"PASS\"); end endmodule
        interface bus_if; logic q; modport m(output q); endinterface";

    fn refused(candidate: &str, pass: Option<&str>) -> Vec<String> {
        let file = |path: &str, role, content: &str| TaskFile {
            path: path.into(),
            content: content.into(),
            role,
        };
        let given = [
            file("tb.sv", Role::Testbench, BENCH),
            file(
                "ref.sv",
                Role::Reference,
                "module Ref(output y); assign y = 1; endmodule",
            ),
            file("want.hex", Role::Support, "00"),
            file("rom.hex", Role::Support, "00"),
        ];
        let candidate = [CandidateFile {
            path: "dut.sv".into(),
            content: candidate.into(),
        }];
        let check = ExternalCheck {
            pass: pass.map(String::from),
            ..Default::default()
        };
        let suite = Suite::new(&given, &candidate, &check).unwrap();
        refusals(&suite, &check.patterns().unwrap())
    }

    fn design(body: &str) -> String {
        format!("module dut(output y); {body} endmodule\n")
    }

    #[test]
    fn every_way_to_a_verdict_is_refused() {
        for body in [
            "initial $display(\"PASS\");",
            "initial begin $write(\"PA\"); $write(\"SS\"); end",
            "initial $display(\"%s\", 32'h50415353);",
            "initial $display(\"\\120ASS\");",
            "parameter P = \"PASS\"; initial $display(P);",
            "parameter P = \"PASS\"; initial $display(\"x\", P);",
            "initial $display({\"PA\", \"SS\"});",
            "initial $monitorb(\"0 errors\");",
            "initial $finish;",
            "initial $stop;",
            "reg [7:0] m [0:3]; initial $readmemh(\"want.hex\", m);",
            "reg [7:0] m [0:3]; initial $readmemh(\"/job/in/tb.sv\", m);",
            "integer f; initial f = $fopen(\"tb.sv\");",
            "initial $system(\"true\");",
            "initial $c(\"exit(0);\");",
            "import \"DPI-C\" function void exit(int n);",
            "assign y = good1.y;",
            "assign y = tb.want[0];",
            "assign y = \\good1 .y;",
            "assign y = $root.tb.y;",
            "initial force y = 1;",
            "`define J(a, b) a.b\nassign y = `J(good1, y);",
            "`define J(a, b) a``b\nassign y = `J(go, od1).y;",
            "`ifdef __ICARUS__\nassign y = 1;\n`endif",
            "`include \"tb.sv\"\n",
            "initial $dumpfile(\"want.hex\");",
        ] {
            assert!(!refused(&design(body), None).is_empty(), "{body}");
        }
        let more = [
            "module Ref(output y); assign y = 0; endmodule module dut(output y); endmodule",
            "module dut(output y); endmodule bind tb dut2 d();",
            // a name that another unit knows is not known here
            "module other; wire good1; endmodule module dut(output y); assign y = good1.y; endmodule",
        ];
        for text in more {
            assert!(!refused(text, None).is_empty(), "{text}");
        }
        assert!(!refused(&design("initial $display(\"%d\", 42);"), Some("^ *42$")).is_empty());
    }

    #[test]
    fn what_designs_do_is_allowed() {
        for body in [
            "// $finish, tb.want\n assign y = 1;",
            "initial $display(\"%0t: state %d\", $time, y);",
            "initial begin $dumpfile(\"dut.vcd\"); $dumpvars(0, dut); end",
            "reg [7:0] m [0:3]; initial $readmemh(\"rom.hex\", m);",
            "sub u1 (.a(y), .b()); assign y = u1.inner;",
            "struct packed { logic a; logic b; } pair [2]; assign y = pair[1].a;",
            "generate for (genvar i = 0; i < 2; i++) begin : g wire w; end endgenerate assign y = g[0].w;",
            "initial if ($bits(y) != 1) $fatal(1, \"width\"); real r = 1.5;",
            "`define HALF .5\n assign y = 1;",
        ] {
            assert_eq!(refused(&design(body), None), Vec::<String>::new(), "{body}");
        }
        let port = "module dut(bus_if.m bus, output y); assign bus.q = y; endmodule";
        assert_eq!(refused(port, None), Vec::<String>::new());
        let own_bench = format!(
            "{} module my_tb; initial begin $display(\"PASS\"); $finish; end endmodule",
            design("")
        );
        assert_eq!(refused(&own_bench, None), Vec::<String>::new());
    }
}
