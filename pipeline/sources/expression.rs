//! SPDX expressions: ids joined by `AND`, `OR` and `WITH`, with brackets.

/// The longest expression taken seriously, bytes; it also bounds the depth of its brackets.
const EXPRESSION_BYTES: usize = 300;

/// A text that can be an SPDX expression, tidied: ids joined by AND, OR and WITH.
pub(super) fn as_expression(text: &str) -> Option<String> {
    if text.len() > EXPRESSION_BYTES {
        return None;
    }
    let tokens = tokens(text);
    let id = |t: &str| t.starts_with(|c: char| c.is_ascii_alphanumeric());
    let mut operand = true;
    for t in tokens.iter().filter(|t| !matches!(**t, "(" | ")")) {
        let operator = matches!(*t, "AND" | "OR" | "WITH");
        if operator == operand || (!operator && !id(t)) {
            return None;
        }
        operand = !operand;
    }
    (!operand).then(|| tokens.join(" ").replace("( ", "(").replace(" )", ")"))
}

fn tokens(expression: &str) -> Vec<&str> {
    let split = |word| {
        let word: &str = word;
        let inner = word.trim_start_matches('(').trim_end_matches(')');
        let open = word.len() - word.trim_start_matches('(').len();
        let close = word.len() - open - inner.len();
        std::iter::repeat_n("(", open)
            .chain((!inner.is_empty()).then_some(inner))
            .chain(std::iter::repeat_n(")", close))
    };
    expression.split_whitespace().flat_map(split).collect()
}

/// Whether an allow list suffices for an SPDX expression: for `AND` all parts, for `OR` one. What follows `WITH`
/// only adds permissions, so `X WITH Y` is allowed where `X` is, or where the list names it in full.
pub fn allowed(expression: &str, allow: &[String]) -> bool {
    if expression.len() > 2 * EXPRESSION_BYTES {
        return false;
    }
    let tokens = tokens(expression);
    let mut at = 0;
    let ok = any_of(&tokens, &mut at, allow);
    ok && at == tokens.len()
}

fn any_of(tokens: &[&str], at: &mut usize, allow: &[String]) -> bool {
    let mut ok = all_of(tokens, at, allow);
    while tokens.get(*at) == Some(&"OR") {
        *at += 1;
        ok |= all_of(tokens, at, allow);
    }
    ok
}

fn all_of(tokens: &[&str], at: &mut usize, allow: &[String]) -> bool {
    let mut ok = one(tokens, at, allow);
    while tokens.get(*at) == Some(&"AND") {
        *at += 1;
        ok &= one(tokens, at, allow);
    }
    ok
}

fn one(tokens: &[&str], at: &mut usize, allow: &[String]) -> bool {
    // Depth is bounded by the expression's length, which is checked above.
    match tokens.get(*at) {
        Some(&"(") => {
            *at += 1;
            let ok = any_of(tokens, at, allow);
            let closed = tokens.get(*at) == Some(&")");
            *at += usize::from(closed);
            ok && closed
        }
        Some(id) => {
            *at += 1;
            let listed = |name: &str| allow.iter().any(|a| a.eq_ignore_ascii_case(name));
            let mut ok = listed(id);
            if tokens.get(*at) == Some(&"WITH") {
                ok |= tokens.get(*at + 1).is_some_and(|e| listed(&format!("{id} WITH {e}")));
                *at += 2;
            }
            ok
        }
        None => false,
    }
}
