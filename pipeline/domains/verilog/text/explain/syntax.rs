//! Faults that the compiler rejects.

use super::{Case, Told};
use crate::domains::verilog::text::english::tick;
use crate::domains::verilog::text::wording::Pick;

/// Tells why the file does not compile.
pub fn tell(c: &Case, pick: &mut Pick) -> Told {
    let (line, big, now) = (c.line(), format!("Line {}", c.place.line), c.now());
    let squeeze = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
    let (right, wrong) = (squeeze(&c.mutation.original), squeeze(&c.mutation.replacement));
    let (r, w) = (tick(&right), tick(&wrong));
    let of = |fault: Vec<String>, effect: Vec<String>, cure: Vec<String>, pick: &mut Pick| Told {
        fault: pick.of(fault),
        effect: if effect.is_empty() {
            String::new()
        } else {
            pick.of(effect)
        },
        cure: pick.of(cure),
    };
    match c.mutation.operator.as_str() {
        "missing_semicolon" => of(
            vec![
                format!("{big} ends without a semicolon."),
                format!("The `;` that should close {line} is missing."),
                format!("{now} on {line} is never terminated."),
                format!("Nothing ends the statement or declaration on {line}."),
            ],
            vec![
                "The parser reads on into the next line and stumbles over the first token that cannot continue it."
                    .into(),
                "What follows is taken as part of it, hence the complaint about a later token.".into(),
                "Verilog ignores line ends, so the next line becomes a continuation that makes no sense.".into(),
            ],
            vec![
                format!("A `;` at the end of {line} is all that it takes."),
                "Adding the `;` ends it where it was meant to end.".into(),
                format!("I closed {line} with `;`."),
            ],
            pick,
        ),
        "missing_endmodule" => of(
            vec![
                "The module is never closed: `endmodule` is missing.".into(),
                "There is no `endmodule` at the end of the module.".into(),
                "A module needs its `endmodule`, and this one has none.".into(),
            ],
            vec![
                match c.original.get(c.mutation.end..).is_some_and(|rest| !rest.trim().is_empty()) {
                    true => "The text goes on while the parser still waits for items of the module.".into(),
                    false => "The file ends while the parser still waits for items of the module.".into(),
                },
                "At the point of the message the module is still open.".into(),
            ],
            vec![
                "I put `endmodule` back.".into(),
                "With `endmodule` the module is complete.".into(),
            ],
            pick,
        ),
        "missing_end" | "missing_endcase" | "missing_endgenerate" | "missing_endfunction" | "missing_endtask" => {
            let word = tick(right.split_whitespace().next().unwrap_or("end"));
            let spot = if c.place.gone {
                format!("before line {}", c.place.line)
            } else {
                format!("at {line}")
            };
            of(
                vec![
                    format!("A block is never closed: {word} is missing {spot}."),
                    format!("There should be {word} {spot}."),
                    format!(
                        "Counting openers and closers, one {word} is lacking; by the indentation it belongs {spot}."
                    ),
                ],
                vec![
                    "The parser stays inside the block, and what comes next is not allowed there.".into(),
                    "All that follows is read as if it still belonged to the open block, up to a keyword that cannot."
                        .into(),
                ],
                vec![
                    format!("With {word} back, every opener has its closer again."),
                    format!("I restored {word} there."),
                ],
                pick,
            )
        }
        "missing_begin" => of(
            vec![
                format!("A `begin` is missing on {line}, and its `end` closes nothing."),
                format!("{big} governs several statements but does not open a block."),
            ],
            vec![
                "Only the first statement belongs to it without `begin`; the `end` after the others has no partner."
                    .into(),
                "The parser takes one statement and then meets an `end` too many.".into(),
            ],
            vec![
                "`begin` there pairs with that `end` again.".into(),
                format!("Opening the block with `begin` on {line} cures it."),
            ],
            pick,
        ),
        "wrong_closing_keyword" => of(
            vec![
                format!("The `case` is closed with {w} on {line}; it needs {r}."),
                format!("{big} closes a `case` with {w}."),
            ],
            vec!["Each construct has a closing keyword of its own, and a `case` stays open until `endcase`.".into()],
            vec![format!("{r} closes it properly."), format!("I replaced {w} by {r}.")],
            pick,
        ),
        "unclosed_parenthesis" | "unclosed_bracket" | "unclosed_brace" => of(
            vec![
                format!("{big} opens a bracket that is never closed: a {r} is missing."),
                format!("The brackets on {line} do not balance; one {r} is lacking."),
                format!("In {now} ({line}) the closing {r} is left out."),
            ],
            vec![
                "The expression does not end where it should, and the next token cannot continue it.".into(),
                "For the parser the bracket is still open when the statement is over.".into(),
            ],
            vec![
                format!("A {r} in its place balances the line."),
                format!("I closed it with {r}."),
            ],
            pick,
        ),
        "extra_parenthesis" => of(
            vec![
                format!("There is one `)` too many on {line}."),
                format!("{big} closes a parenthesis that was never opened."),
            ],
            vec!["After the expression is complete the parser meets a `)` without a partner.".into()],
            vec![
                "Taking the surplus `)` away is enough.".into(),
                format!("I removed the second `)` on {line}."),
            ],
            pick,
        ),
        "misspelt_keyword" => of(
            vec![
                format!("{w} on {line} is a misspelling of {r}."),
                format!("{big} says {w} and means {r}."),
                format!("The keyword {r} is mistyped as {w} on {line}."),
            ],
            vec![
                format!("{w} is no keyword, so the parser takes it for a name, and the rest of the line does not fit."),
                "An unknown word is an identifier to the compiler, and no identifier can stand there.".into(),
            ],
            vec![
                format!("Spelt {r}, the line parses."),
                format!("I corrected it to {r}."),
            ],
            pick,
        ),
        "joined_else_if" => of(
            vec![
                format!("Verilog has no {w}: {line} must say `else if`."),
                format!("{w} on {line} comes from another language."),
            ],
            vec![
                "The compiler takes it for the name of something, and a condition cannot follow a name like that."
                    .into(),
            ],
            vec![
                "Two words, `else if`, make it Verilog.".into(),
                format!("I wrote `else if` on {line}."),
            ],
            pick,
        ),
        "missing_assign" => of(
            vec![
                format!("The keyword `assign` is missing on {line}."),
                format!("{big} makes a continuous assignment without saying `assign`."),
            ],
            vec![
                "At module level a name at the start of an item begins an instantiation, and `=` cannot follow there."
                    .into(),
            ],
            vec![
                "`assign` in front turns it into a continuous assignment.".into(),
                format!("I put `assign` back on {line}."),
            ],
            pick,
        ),
        "digit_out_of_base" | "wrong_base" | "missing_quote" | "c_style_literal" => literal(c, pick),
        "assignment_in_condition" => of(
            vec![
                format!("{big} uses `=` in a condition; a comparison is `==`."),
                format!("The condition on {line} assigns where it should compare."),
            ],
            vec!["Verilog has no assignment inside an expression, unlike C, so the compiler rejects the line.".into()],
            vec![
                "`==` makes it the comparison that it was meant to be.".into(),
                format!("I wrote `==` on {line}."),
            ],
            pick,
        ),
        "undeclared_identifier" => of(
            vec![
                format!("The name {w} on {line} is declared nowhere; the signal is called {r}."),
                format!("{big} refers to {w}, a misspelling of {r}."),
                format!("{w} ({line}) does not exist. What does exist is {r}."),
            ],
            vec![
                "In an expression nothing is declared implicitly, so an unknown name is an error.".into(),
                "The compiler cannot bind the name to any signal.".into(),
            ],
            vec![
                format!("With {r} the reference resolves."),
                format!("I replaced {w} by {r}."),
            ],
            pick,
        ),
        "reg_declared_as_wire" | "output_not_reg" => of(
            vec![
                format!(
                    "{} is assigned in a procedural block, but {line} declares a net.",
                    c.targets()
                ),
                format!("The declaration of {} on {line} lacks `reg`.", c.targets()),
            ],
            vec![
                "Procedural assignments need a variable: a net can only be driven by `assign` or by a port.".into(),
                "Inside `always` only variables may be assigned, and a plain net is none.".into(),
            ],
            vec![
                "Declared as `reg` it may be assigned there.".into(),
                format!("The declaration has to read {}.", c.was()),
            ],
            pick,
        ),
        "missing_declaration" => of(
            vec![
                format!("The declaration of {} is missing (it belongs at {line}).", c.targets()),
                format!("{} is used but never declared.", c.targets()),
            ],
            vec![
                "Without a declaration there is nothing that the name could stand for.".into(),
                "A name has to be declared before an expression or a block can use it, and the compiler finds nothing to bind it to.".into(),
            ],
            vec![format!("The file needs {r}."), format!("I restored {r}.")],
            pick,
        ),
        "misspelt_module" => of(
            vec![
                format!("{big} instantiates {w}, and no such module exists: it is called {r}."),
                format!("The module name on {line} is misspelt: {w} for {r}."),
            ],
            vec!["The elaborator looks the name up among all modules and finds none.".into()],
            vec![
                format!("With {r} the instance is bound to its module."),
                format!("I corrected the name to {r}."),
            ],
            pick,
        ),
        "wrong_port_name" => of(
            vec![
                format!("{big} connects a port named {w}; the module has {r}."),
                format!("The port name {w} on {line} is a misspelling of {r}."),
            ],
            vec!["Named connections must match the ports of the instantiated module letter by letter.".into()],
            vec![
                format!("Spelt {r}, the connection is found."),
                format!("I corrected it to {r}."),
            ],
            pick,
        ),
        "reversed_part_select" => {
            let select = tick(&format!("[{right}]"));
            of(
                vec![
                    format!("The bounds of the select on {line} are reversed: {w} has to be {r}."),
                    format!("{big} selects {w}, and the declaration counts the other way: {r}."),
                ],
                vec![
                    "A part select must run in the direction in which the vector is declared.".into(),
                    "Verilog rejects a select whose bounds are in the wrong order.".into(),
                ],
                vec![format!("Written as {select} it is legal."), format!("I turned the bounds round to {select}.")],
                pick,
            )
        }
        _ => of(
            vec![
                format!("{big} is where it fails: {w} should be {r}."),
                format!("The trouble is {w} on {line}; {r} belongs there."),
            ],
            vec![],
            vec![format!("With {r} it compiles."), format!("I restored {r}.")],
            pick,
        ),
    }
}

fn literal(c: &Case, pick: &mut Pick) -> Told {
    let (line, big) = (c.line(), format!("Line {}", c.place.line));
    let (right, wrong) = literals(c);
    let (r, w) = (tick(&right), tick(&wrong));
    let letter = c.mutation.replacement.trim();
    let why = match c.mutation.operator.as_str() {
        "digit_out_of_base" if matches!(letter, "O" | "l") => {
            let digit = c.mutation.original.trim();
            vec![
                format!("The `{letter}` in {w} is a letter, where the digit `{digit}` is meant."),
                format!("What looks like the digit `{digit}` is the letter `{letter}`, and no number contains that."),
            ]
        }
        "digit_out_of_base" | "wrong_base" => vec![
            format!("{w} contains a digit that its base does not have."),
            "The letter after the quote sets the base, and every digit must exist in it.".to_string(),
        ],
        "missing_quote" => vec![
            "Without the quote the size, the base and the digits run together into something that is no number."
                .to_string(),
            "A sized literal is size, quote, base letter, digits; here the quote is lacking.".to_string(),
        ],
        _ => vec!["`0x` is how C writes it; Verilog wants the size, a quote and the base letter.".to_string()],
    };
    Told {
        fault: pick.of(vec![
            format!("{w} on {line} is no valid literal."),
            format!("{big} contains the malformed number {w}."),
            format!("The constant {w} ({line}) is badly formed."),
        ]),
        effect: pick.of(why),
        cure: pick.of(vec![
            format!("It has to be {r}."),
            format!("Written as {r} it is a number again."),
            format!("I corrected the constant to {r}."),
        ]),
    }
}

/// The whole literals: the change may touch a digit only.
fn literals(c: &Case) -> (String, String) {
    let (was, now) = (&c.place.was, &c.place.now);
    let word = |ch: char| ch.is_alphanumeric() || matches!(ch, '\'' | '_' | '?');
    let split = |s: &str| s.split(|ch: char| !word(ch)).map(str::to_string).collect::<Vec<_>>();
    let (a, b) = (split(was), split(now));
    let differing = a.iter().zip(&b).find(|(x, y)| x != y);
    match differing.filter(|_| a.len() == b.len()) {
        Some((x, y)) => (x.clone(), y.clone()),
        None => (c.mutation.original.clone(), c.mutation.replacement.clone()),
    }
}
