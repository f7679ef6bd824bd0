//! Faults of width, type and connection that compile.

use super::{Case, Told};
use crate::domains::verilog::text::english::tick;
use crate::domains::verilog::text::expr::{Expr, names, parse};
use crate::domains::verilog::text::facts::Instance;
use crate::domains::verilog::text::place::Site;
use crate::domains::verilog::text::wording::Pick;
use crate::domains::verilog::types::Direction;

/// Tells a fault of this family, if it is one.
pub fn tell(c: &Case, pick: &mut Pick) -> Option<Told> {
    match (c.mutation.operator.as_str(), &c.place.site) {
        ("narrow_declaration" | "drop_declared_range", _) => Some(narrow(c, pick)),
        ("signed_declaration_dropped", _) => Some(unsigned(c, pick)),
        ("wrong_gate", _) => Some(gate(c, pick)),
        (_, Site::Connection(instance, module, port)) => Some(connection(c, instance, module, port, pick)),
        (_, Site::Instance(instance, module)) => Some(whole(c, instance, module, pick)),
        _ => None,
    }
}

fn narrow(c: &Case, pick: &mut Pick) -> Told {
    let (line, t) = (c.line(), c.targets());
    let (right, wrong) = widths(c);
    let verb = if c.plural() { "are" } else { "is" };
    if c.mutation.operator == "drop_declared_range" {
        return single(c, &right, pick);
    }
    let fault = pick.of(vec![
        format!("{t} {verb} declared too narrow on {line}: {wrong} where {right} is needed."),
        format!("The declaration of {t} on {line} gives {wrong}; it has to be {right}."),
        format!(
            "Line {} declares {t} with {wrong}, and {right} is required.",
            c.place.line
        ),
    ]);
    let effect = pick.of(vec![
        "Verilog cuts an assigned value to the width of its target without a word, so the upper bits are lost.".into(),
        format!(
            "Whatever belongs into the missing upper bits of {t} vanishes, and nothing but padding comes back for them."
        ),
        format!("A value that needs the top bit does not fit into {t}, and Verilog drops that bit without an error."),
    ]);
    let cure = pick.of(vec![
        format!("Declaring {t} with {right} keeps every bit."),
        format!("The range has to be {right}."),
        format!("I widened the declaration to {right}."),
    ]);
    Told { fault, effect, cure }
}

/// The range is gone altogether.
fn single(c: &Case, right: &str, pick: &mut Pick) -> Told {
    let (line, t) = (c.line(), c.targets());
    Told {
        fault: pick.of(vec![
            format!("The declaration of {t} on {line} has no range; it needs {right}."),
            format!("{t} must have the range {right}, and {line} declares just one bit."),
        ]),
        effect: pick.of(vec![
            "A scalar keeps bit 0 of what is assigned to it and drops the rest in silence.".into(),
            format!("Only the lowest bit survives in {t}; everything above it is lost."),
        ]),
        cure: format!("With {right} it can hold the whole value."),
    }
}

/// The declared range before and after, in words.
fn widths(c: &Case) -> (String, String) {
    let range = |s: &str| {
        s.find('[')
            .and_then(|a| s[a..].find(']').map(|b| tick(&s[a..a + b + 1])))
    };
    let right = range(&c.place.was).unwrap_or_else(|| c.was());
    (right, range(&c.place.now).unwrap_or("a single bit".into()))
}

fn unsigned(c: &Case, pick: &mut Pick) -> Told {
    let (line, t) = (c.line(), c.targets());
    Told {
        fault: pick.of(vec![
            format!("{t} has to be signed, and the declaration on {line} does not say so."),
            format!("The keyword `signed` is missing from the declaration of {t} on {line}."),
        ]),
        effect: pick.of(vec![
            "Comparisons, extensions and arithmetic shifts then treat negative values as large positive ones.".into(),
            "An expression in which one operand is unsigned is unsigned as a whole, so the sign is lost.".to_string(),
        ]),
        cure: format!("The declaration needs `signed`: {}.", c.was()),
    }
}

fn gate(c: &Case, pick: &mut Pick) -> Told {
    let (right, wrong) = (tick(c.mutation.original.trim()), tick(c.mutation.replacement.trim()));
    let line = c.line();
    Told {
        fault: pick.of(vec![
            format!("The primitive on {line} is {wrong}; it has to be {right}."),
            format!("On {line} a {wrong} gate stands where {right} is called for."),
        ]),
        effect: "Its output has the wrong truth table.".into(),
        cure: format!("{right} is the gate that the description asks for."),
    }
}

/// The expression connected in `.port(expression)`.
fn connected(text: &str) -> String {
    let inner = text.find('(').and_then(|a| {
        text.rfind(')')
            .filter(|b| *b > a)
            .map(|b| text[a + 1..b].trim().to_string())
    });
    inner.filter(|s| !s.is_empty()).map_or("nothing".into(), |s| tick(&s))
}

/// What an open port does, by its direction as far as this file shows it.
fn cut(c: &Case, instance: &str, right: &str, pick: &mut Pick) -> String {
    let whole = right.trim_matches('`').trim();
    let base = |e: &Expr| match e {
        Expr::Id(n) => Some(n.clone()),
        Expr::Index(b, _) | Expr::Slice(b, ..) => match &**b {
            Expr::Id(n) => Some(n.clone()),
            _ => None,
        },
        _ => None,
    };
    let inst = tick(instance);
    let unfed = vec![
        format!("An input that nothing drives floats at Z, and {inst} never sees {right}."),
        format!("{inst} does not get {right}: the open input is Z, which counts as unknown."),
    ];
    let Some(e) = parse(whole) else {
        return format!("The link between {right} and {inst} is cut.");
    };
    let Some(net) = base(&e) else { return pick.of(unfed) };
    let driven = c.m.port(&net).is_some_and(|p| p.direction == Direction::Input)
        || c.m.is_constant(&net)
        || c.m.assigns_of(&net).next().is_some()
        || !c.m.processes_of(&net).is_empty();
    if driven {
        return pick.of(unfed);
    }
    let touches = |i: &&Instance| {
        i.connections
            .iter()
            .any(|(_, x)| parse(x).is_some_and(|x| names(&x).contains(&net)))
    };
    let alone = c.m.instances.iter().filter(touches).count() == 1;
    if alone && c.m.unread.is_empty() {
        return pick.of(vec![
            format!("Nothing drives {right}, so it floats, and what depends on it is undefined."),
            format!("The instance was to drive {right}; as it stands nobody does."),
        ]);
    }
    format!("The link between {right} and {inst} is cut.")
}

fn connection(c: &Case, instance: &str, module: &str, port: &str, pick: &mut Pick) -> Told {
    let (line, port, inst) = (c.line(), tick(port), tick(instance));
    let (right, wrong) = (connected(&c.place.was), connected(&c.place.now));
    match c.mutation.operator.as_str() {
        "open_port" | "missing_port" => Told {
            fault: pick.of(vec![
                format!("Port {port} of {inst} (`{module}`) is left open around {line}."),
                format!("The instance {inst} has nothing connected to {port}; it needs {right}."),
                format!("On {line} the connection of {port} is missing from {inst}."),
            ]),
            effect: cut(c, instance, &right, pick),
            cure: match right == port {
                true => format!("Connecting {port} to the net of the same name closes the gap."),
                false => format!("Connecting {right} to {port} closes the gap."),
            },
        },
        _ => Told {
            fault: pick.of(vec![
                format!("Port {port} of {inst} is connected to {wrong} on {line}, and it belongs to {right}."),
                format!("The wiring of {inst} is wrong: {port} gets {wrong}, where {right} is meant."),
                format!("On {line}, {wrong} is wired to {port} of the `{module}` instance {inst}; {right} should be."),
            ]),
            effect: pick.of(vec![
                format!("The instance itself is fine, but it exchanges data with the wrong net at {port}."),
                format!("{inst} does its work on the wrong signal."),
            ]),
            cure: pick.of(vec![
                format!("{port} has to be connected to {right}."),
                format!("Reconnecting {port} to {right} puts the wiring right."),
            ]),
        },
    }
}

fn whole(c: &Case, instance: &str, module: &str, pick: &mut Pick) -> Told {
    let (line, inst) = (c.line(), tick(instance));
    let squeeze = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
    let (right, wrong) = (squeeze(&c.mutation.original), squeeze(&c.mutation.replacement));
    match c.mutation.operator.as_str() {
        "parameter_override_dropped" => Told {
            fault: pick.of(vec![
                format!(
                    "The instance {inst} of `{module}` on {line} is created without its parameters; it needs {}.",
                    tick(&right)
                ),
                format!("{} is missing where {inst} is instantiated ({line}).", tick(&right)),
            ]),
            effect: pick.of(vec![
                format!("`{module}` falls back on its default parameters, which are not those that this design needs."),
                format!("Without the override {inst} is built from the defaults of `{module}`."),
            ]),
            cure: format!("With {} the instance is built as intended.", tick(&right)),
        },
        "missing_port" => Told {
            fault: format!(
                "A port connection of {inst} (`{module}`) is missing near {line}: {}.",
                tick(right.trim_end_matches(','))
            ),
            effect: cut(c, instance, &connected(&right), pick),
            cure: format!("Restoring {} closes the gap.", tick(right.trim_end_matches(','))),
        },
        "swapped_ports" => exchanged(c, instance, module, pick),
        _ => Told {
            fault: pick.of(vec![
                format!(
                    "Two connections of {inst} (`{module}`) are exchanged on {line}: {} should be {}.",
                    tick(&wrong),
                    tick(&right)
                ),
                format!(
                    "The port list of {inst} is in the wrong order on {line}; {} has to read {}.",
                    tick(&wrong),
                    tick(&right)
                ),
            ]),
            effect: pick.of(vec![
                "Each of the two nets ends at the other's port.".into(),
                format!("`{module}` therefore receives each of the two signals on the other's port."),
            ]),
            cure: format!("{} puts both back where they belong.", tick(&right)),
        },
    }
}

/// `.a(x), .b(y)` became `.a(y), .b(x)`: told by port, not by the bytes that moved.
fn exchanged(c: &Case, instance: &str, module: &str, pick: &mut Pick) -> Told {
    let text = &c.mutation.original;
    let first = text.split(')').next().unwrap_or("").trim();
    let second = text.rsplit('(').next().unwrap_or("").trim();
    let found = c.m.instances.iter().find(|i| i.name == instance);
    let port = |e: &str| {
        found
            .and_then(|i| i.connections.iter().find(|(_, x)| x == e))
            .map(|(p, _)| tick(p))
    };
    let (line, inst) = (c.line(), tick(instance));
    let (a, b) = (tick(first), tick(second));
    let (Some(p), Some(q)) = (port(first), port(second)) else {
        return Told {
            fault: format!("The connections {a} and {b} of {inst} (`{module}`) are exchanged around {line}."),
            effect: "Each of the two nets ends at the other's port.".into(),
            cure: "They have to change places again.".into(),
        };
    };
    Told {
        fault: pick.of(vec![
            format!("The connections of {p} and {q} on {inst} (`{module}`) are exchanged: from {line} on, {p} gets {b} and {q} gets {a}."),
            format!("On {line} port {p} of {inst} is wired to {b}, and {q} to {a}; it has to be the other way round."),
            format!("{a} and {b} have changed places in the port list of {inst} ({line})."),
        ]),
        effect: pick.of(vec![
            "Each of the two nets ends at the other's port.".into(),
            format!("`{module}` works as it should, on two inputs or outputs that have been mixed up."),
        ]),
        cure: if (&p, &q) == (&a, &b) {
            "Each of the two ports has to be connected to the net of its own name.".into()
        } else {
            pick.of(vec![
                format!("{p} belongs to {a} and {q} to {b}."),
                format!("Connect {a} to {p} and {b} to {q}."),
            ])
        },
    }
}
