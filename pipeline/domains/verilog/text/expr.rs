//! Verilog expressions as a small tree, parsed from text.
//!
//! A parser of its own, because mutated fragments are rarely whole files: a grammar that knows statements cannot
//! read `count > DEPTH` alone. What it cannot read gives `None`, and nothing is said about it.

use std::collections::BTreeSet;

/// Nesting beyond which an expression is not read.
const MAX_DEPTH: usize = 60;
/// Bytes beyond which an expression is not read.
const MAX_BYTES: usize = 4000;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A number as written, without spaces.
    Num(String),
    /// A string with its quotes.
    Str(String),
    /// A name, hierarchical name or macro (with its backquote).
    Id(String),
    /// `base[index]`
    Index(Box<Expr>, Box<Expr>),
    /// `base[left op right]`; op is `:`, `+:` or `-:`.
    Slice(Box<Expr>, &'static str, Box<Expr>, Box<Expr>),
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Cond(Box<Expr>, Box<Expr>, Box<Expr>),
    Concat(Vec<Expr>),
    /// `{n{a, b}}`
    Repeat(Box<Expr>, Vec<Expr>),
    Call(String, Vec<Expr>),
}

#[derive(Clone, Debug, PartialEq)]
enum Tok {
    Num(String),
    Str(String),
    Id(String),
    Op(&'static str),
}

/// Longest first, so that `<<<` is not read as `<<`.
const OPS: [&str; 44] = [
    "<<<", ">>>", "===", "!==", "==?", "!=?", "&&", "||", "==", "!=", "<=", ">=", "<<", ">>", "**", "~&", "~|", "~^",
    "^~", "+:", "-:", "->", "+", "-", "*", "/", "%", "<", ">", "!", "~", "&", "|", "^", "?", ":", "(", ")", "[", "]",
    "{", "}", ",", "'",
];

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c == b'$'
}

fn skip_blank(s: &[u8], mut i: usize) -> usize {
    loop {
        while s.get(i).is_some_and(|c| c.is_ascii_whitespace()) {
            i += 1;
        }
        if s[i..].starts_with(b"//") {
            i += s[i..].iter().position(|&c| c == b'\n').unwrap_or(s.len() - i);
        } else if s[i..].starts_with(b"/*") {
            i += s[i..]
                .windows(2)
                .skip(2)
                .position(|w| w == b"*/")
                .map_or(s.len() - i, |p| p + 4);
        } else {
            return i;
        }
    }
}

fn word_end(s: &[u8], mut i: usize) -> usize {
    while s.get(i).is_some_and(|&c| is_word(c)) {
        i += 1;
    }
    i
}

fn number(s: &[u8], start: usize) -> (String, usize) {
    let mut i = start;
    while s.get(i).is_some_and(|c| c.is_ascii_digit() || *c == b'_') {
        i += 1;
    }
    if s.get(i) == Some(&b'.') && s.get(i + 1).is_some_and(u8::is_ascii_digit) {
        i = word_end(s, i + 1);
    }
    let mut text = String::from_utf8_lossy(&s[start..i]).into_owned();
    let base = skip_blank(s, i);
    if s.get(base) == Some(&b'\'') {
        let digits = word_end(s, base + 1);
        let mark = String::from_utf8_lossy(&s[base..digits]).into_owned();
        let bare = mark.trim_start_matches('\'').trim_start_matches(['s', 'S']).len() == 1;
        text.push_str(&mark);
        i = digits;
        if bare && text.ends_with(['b', 'o', 'd', 'h', 'B', 'O', 'D', 'H']) {
            let from = skip_blank(s, digits);
            let mut to = from;
            while s.get(to).is_some_and(|&c| is_word(c) || c == b'?') {
                to += 1;
            }
            text.push_str(&String::from_utf8_lossy(&s[from..to]));
            i = to;
        }
        while s.get(i).is_some_and(|&c| is_word(c) || c == b'?') {
            text.push(s[i] as char);
            i += 1;
        }
    }
    (text, i)
}

fn lex(text: &str) -> Option<Vec<Tok>> {
    let s = text.as_bytes();
    let mut out = Vec::new();
    let mut i = skip_blank(s, 0);
    while i < s.len() {
        let c = s[i];
        if c.is_ascii_digit() || (c == b'\'' && s.get(i + 1).is_some_and(|c| c.is_ascii_alphanumeric())) {
            let (n, end) = number(s, i);
            out.push(Tok::Num(n));
            i = end;
        } else if c == b'"' {
            let end = i + 1 + s[i + 1..].iter().position(|&c| c == b'"')? + 1;
            out.push(Tok::Str(text.get(i..end)?.into()));
            i = end;
        } else if is_word(c) || c == b'`' {
            let mut end = word_end(s, i + 1);
            while s.get(end) == Some(&b'.') && s.get(end + 1).is_some_and(|&c| is_word(c)) {
                end = word_end(s, end + 1);
            }
            out.push(Tok::Id(text.get(i..end)?.into()));
            i = end;
        } else {
            let op = OPS.iter().find(|op| s[i..].starts_with(op.as_bytes()))?;
            out.push(Tok::Op(op));
            i += op.len();
        }
        i = skip_blank(s, i);
    }
    Some(out)
}

struct Parser {
    toks: Vec<Tok>,
    at: usize,
    depth: usize,
}

fn binding(op: &str) -> Option<u8> {
    Some(match op {
        "||" => 1,
        "&&" => 2,
        "|" | "~|" => 3,
        "^" | "~^" | "^~" => 4,
        "&" | "~&" => 5,
        "==" | "!=" | "===" | "!==" | "==?" | "!=?" => 6,
        "<" | "<=" | ">" | ">=" => 7,
        "<<" | ">>" | "<<<" | ">>>" => 8,
        "+" | "-" => 9,
        "*" | "/" | "%" => 10,
        "**" => 11,
        _ => return None,
    })
}

impl Parser {
    fn peek(&self) -> Option<&'static str> {
        match self.toks.get(self.at) {
            Some(Tok::Op(op)) => Some(op),
            _ => None,
        }
    }

    fn eat(&mut self, op: &str) -> bool {
        let hit = self.peek() == Some(op);
        self.at += usize::from(hit);
        hit
    }

    fn need(&mut self, op: &str) -> Option<()> {
        self.eat(op).then_some(())
    }

    fn expr(&mut self) -> Option<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let test = self.binary(0)?;
        let out = if self.eat("?") {
            let yes = self.expr()?;
            self.need(":")?;
            let no = self.expr()?;
            Expr::Cond(test.into(), yes.into(), no.into())
        } else {
            test
        };
        self.depth -= 1;
        Some(out)
    }

    fn binary(&mut self, least: u8) -> Option<Expr> {
        let mut left = self.unary()?;
        while let Some(op) = self.peek() {
            let Some(b) = binding(op).filter(|b| *b > least) else {
                break;
            };
            self.at += 1;
            let right = self.binary(b)?;
            left = Expr::Binary(op, left.into(), right.into());
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Expr> {
        const PREFIX: [&str; 11] = ["!", "~", "&", "|", "^", "~&", "~|", "~^", "^~", "-", "+"];
        if let Some(op) = self.peek().filter(|op| PREFIX.contains(op)) {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return None;
            }
            self.at += 1;
            let e = self.unary()?;
            self.depth -= 1;
            return Some(Expr::Unary(op, e.into()));
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Option<Expr> {
        let mut base = self.primary()?;
        while self.eat("[") {
            let left = self.expr()?;
            base = match self.peek() {
                Some(op @ (":" | "+:" | "-:")) => {
                    self.at += 1;
                    let right = self.expr()?;
                    Expr::Slice(base.into(), op, left.into(), right.into())
                }
                _ => Expr::Index(base.into(), left.into()),
            };
            self.need("]")?;
        }
        Some(base)
    }

    fn list(&mut self, end: &str) -> Option<Vec<Expr>> {
        let mut out = vec![self.expr()?];
        while self.eat(",") {
            out.push(self.expr()?);
        }
        self.need(end)?;
        Some(out)
    }

    fn primary(&mut self) -> Option<Expr> {
        let tok = self.toks.get(self.at)?.clone();
        self.at += 1;
        match tok {
            Tok::Num(n) => Some(Expr::Num(n)),
            Tok::Str(s) => Some(Expr::Str(s)),
            Tok::Id(name) if self.eat("(") => {
                let args = if self.eat(")") { Vec::new() } else { self.list(")")? };
                Some(Expr::Call(name, args))
            }
            Tok::Id(name) => Some(Expr::Id(name)),
            Tok::Op("(") => {
                let e = self.expr()?;
                self.need(")")?;
                Some(e)
            }
            Tok::Op("{") => {
                let first = self.expr()?;
                if self.eat("{") {
                    let parts = self.list("}")?;
                    self.need("}")?;
                    return Some(Expr::Repeat(first.into(), parts));
                }
                let mut parts = vec![first];
                while self.eat(",") {
                    parts.push(self.expr()?);
                }
                self.need("}")?;
                Some(Expr::Concat(parts))
            }
            Tok::Op(_) => None,
        }
    }
}

/// Reads an expression; `None` where the text is something else, too long or too deep.
pub fn parse(text: &str) -> Option<Expr> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut p = Parser {
        toks: lex(text)?,
        at: 0,
        depth: 0,
    };
    let e = p.expr()?;
    (p.at == p.toks.len()).then_some(e)
}

fn join(parts: &[Expr]) -> String {
    parts.iter().map(code).collect::<Vec<_>>().join(", ")
}

fn operand(e: &Expr, op: &str, right: bool) -> String {
    let text = code(e);
    match e {
        Expr::Cond(..) => format!("({text})"),
        // Only what cannot be misread stays bare: a chain of one associative operator, or a tighter one.
        Expr::Binary(inner, ..) => {
            let (i, o) = (binding(inner), binding(op));
            let arithmetic_in_comparison = i >= Some(9) && (o == Some(6) || o == Some(7));
            let bare = if *inner == op {
                !right
            } else {
                (i > o && o <= Some(2)) || arithmetic_in_comparison
            };
            if bare { text } else { format!("({text})") }
        }
        _ => text,
    }
}

/// Bounds are written without spaces: `[W-1:0]`.
fn tight(e: &Expr) -> String {
    match e {
        Expr::Binary("+" | "-" | "*" | "/", ..) => code(e).replace(' ', ""),
        _ => code(e),
    }
}

/// The expression as Verilog on one line, spaces normalised.
pub fn code(e: &Expr) -> String {
    match e {
        Expr::Num(s) | Expr::Str(s) | Expr::Id(s) => s.clone(),
        Expr::Index(b, i) => format!("{}[{}]", code(b), tight(i)),
        Expr::Slice(b, op, l, r) if *op == ":" => format!("{}[{}:{}]", code(b), tight(l), tight(r)),
        Expr::Slice(b, op, l, r) => format!("{}[{} {op} {}]", code(b), code(l), code(r)),
        Expr::Unary(op, a) => match **a {
            Expr::Binary(..) | Expr::Cond(..) => format!("{op}({})", code(a)),
            Expr::Unary(..) => format!("{op}({})", code(a)),
            _ => format!("{op}{}", code(a)),
        },
        Expr::Binary(op, l, r) => format!("{} {op} {}", operand(l, op, false), operand(r, op, true)),
        Expr::Cond(c, a, b) => {
            let test = if matches!(**c, Expr::Cond(..)) {
                format!("({})", code(c))
            } else {
                code(c)
            };
            format!("{test} ? {} : {}", code(a), code(b))
        }
        Expr::Concat(parts) => format!("{{{}}}", join(parts)),
        Expr::Repeat(n, parts) => format!("{{{}{{{}}}}}", operand(n, "**", true), join(parts)),
        Expr::Call(name, args) => format!("{name}({})", join(args)),
    }
}

/// The expression's direct parts.
pub fn children(e: &Expr) -> Vec<&Expr> {
    match e {
        Expr::Num(_) | Expr::Str(_) | Expr::Id(_) => vec![],
        Expr::Index(a, b) | Expr::Binary(_, a, b) => vec![a, b],
        Expr::Slice(a, _, b, c) | Expr::Cond(a, b, c) => vec![a, b, c],
        Expr::Unary(_, a) => vec![a],
        Expr::Concat(v) | Expr::Call(_, v) => v.iter().collect(),
        Expr::Repeat(n, v) => std::iter::once(&**n).chain(v).collect(),
    }
}

fn collect_names(e: &Expr, out: &mut BTreeSet<String>) {
    if let Expr::Id(name) = e {
        out.insert(name.clone());
    }
    children(e).into_iter().for_each(|c| collect_names(c, out));
}

/// All names the expression reads, sorted.
pub fn names(e: &Expr) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    collect_names(e, &mut out);
    out
}

/// How many names and numbers it holds: a measure of how hard it is to say in words.
pub fn leaves(e: &Expr) -> usize {
    let kids = children(e);
    if kids.is_empty() {
        1
    } else {
        kids.into_iter().map(leaves).sum()
    }
}

/// Whether it (or a part of it) satisfies the test.
pub fn any(e: &Expr, test: &dyn Fn(&Expr) -> bool) -> bool {
    test(e) || children(e).into_iter().any(|c| any(c, test))
}

/// The expression with each direct part replaced by what `f` makes of it.
pub fn map_children(e: &Expr, f: &dyn Fn(&Expr) -> Expr) -> Expr {
    let go = |x: &Expr| Box::new(f(x));
    let all = |v: &[Expr]| v.iter().map(f).collect::<Vec<_>>();
    match e {
        Expr::Id(_) | Expr::Num(_) | Expr::Str(_) => e.clone(),
        Expr::Index(b, i) => Expr::Index(b.clone(), go(i)),
        Expr::Slice(b, op, l, r) => Expr::Slice(b.clone(), op, go(l), go(r)),
        Expr::Unary(op, a) => Expr::Unary(op, go(a)),
        Expr::Binary(op, a, b) => Expr::Binary(op, go(a), go(b)),
        Expr::Cond(c, a, b) => Expr::Cond(go(c), go(a), go(b)),
        Expr::Concat(v) => Expr::Concat(all(v)),
        Expr::Repeat(n, v) => Expr::Repeat(go(n), all(v)),
        Expr::Call(n, v) => Expr::Call(n.clone(), all(v)),
    }
}

/// The same expression with each name replaced where `with` gives something. A selected name stays: `(a & b)[3]` is
/// not Verilog.
pub fn substitute(e: &Expr, with: &dyn Fn(&str) -> Option<Expr>) -> Expr {
    match e {
        Expr::Id(name) => with(name).unwrap_or_else(|| e.clone()),
        _ => map_children(e, &|c| substitute(c, with)),
    }
}

/// A plain decimal, sized or unsized number's value, if it has one without x or z and fits 128 bits.
pub fn number_value(text: &str) -> Option<u128> {
    let text: String = text.chars().filter(|c| *c != '_').collect();
    let Some((_, rest)) = text.split_once('\'') else {
        return text.parse().ok();
    };
    let rest = rest.trim_start_matches(['s', 'S']);
    let radix = match rest.chars().next()?.to_ascii_lowercase() {
        'b' => 2,
        'o' => 8,
        'd' => 10,
        'h' => 16,
        _ => return None,
    };
    u128::from_str_radix(&rest[1..], radix).ok()
}

/// The bits a number is written with (`8'hff` has 8), if it says.
pub fn number_width(text: &str) -> Option<u32> {
    text.split_once('\'')?.0.replace('_', "").trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(text: &str) -> String {
        parse(text).map(|e| code(&e)).unwrap_or_else(|| "?".into())
    }

    #[test]
    fn reads_what_real_code_holds() {
        assert_eq!(
            round("{~wr[AW],wr[AW-1:0]}==rd[AW:0]"),
            "{~wr[AW], wr[AW-1:0]} == rd[AW:0]"
        );
        assert_eq!(round("a ? b&c : {3{x}}"), "a ? b & c : {3{x}}");
        assert_eq!(round("i_x /* why */ [0 +: 4] << 2 + 1"), "i_x[0 +: 4] << (2 + 1)");
        assert_eq!(round("5 'd 31 + `W(3)"), "5'd31 + `W(3)");
        assert_eq!(round("~|{a,b} | &c"), "~|{a, b} | &c");
        assert_eq!(round("2'b1? == q"), "2'b1? == q");
        assert_eq!(round("a <="), "?");
    }

    #[test]
    fn numbers_have_values_and_widths() {
        assert_eq!(number_value("8'hf_f"), Some(255));
        assert_eq!(number_value("'b0"), Some(0));
        assert_eq!(number_value("4'b1?x0"), None);
        assert_eq!(number_width("12'd3"), Some(12));
    }

    proptest! {
        #[test]
        fn never_panics_and_printing_is_stable(s in "[a-c01'bh&|~!?:(){}\\[\\],<=>+ -]{0,40}") {
            if let Some(e) = parse(&s) {
                let once = code(&e);
                prop_assert_eq!(parse(&once).map(|e| code(&e)), Some(once));
            }
        }
    }
}
