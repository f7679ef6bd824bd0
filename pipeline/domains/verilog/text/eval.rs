//! Evaluates small expressions on values seen in a log, to check a claim before it is made.

use super::expr::{Expr, number_value, number_width};
use super::facts::ModuleFacts;
use std::collections::BTreeMap;

/// A value with its width in bits (1..=64).
type Value = (u64, u32);

/// Reads a logged literal: `8'h5c`, `1'b1`, `3`. `None` where it holds x or z.
pub fn logged(text: &str) -> Option<u128> {
    number_value(text.trim())
}

fn mask(v: u64, w: u32) -> u64 {
    if w >= 64 { v } else { v & ((1 << w) - 1) }
}

/// The value of an expression over known inputs. Only operators whose result does not hang on the width of what is
/// around them are read; anything else gives `None`.
pub fn eval(e: &Expr, inputs: &BTreeMap<String, u128>, m: &ModuleFacts) -> Option<Value> {
    let go = |x: &Expr| eval(x, inputs, m);
    let bit = |b: bool| Some((u64::from(b), 1));
    match e {
        Expr::Num(n) => {
            let w = number_width(n).filter(|w| *w <= 64)?;
            Some((mask(u64::try_from(number_value(n)?).ok()?, w), w))
        }
        Expr::Id(n) => {
            let w = m.port(n).filter(|p| !p.signed && p.width <= 64)?.width;
            Some((mask(u64::try_from(*inputs.get(n)?).ok()?, w), w))
        }
        Expr::Index(b, i) => match (&**b, &**i) {
            (Expr::Id(_), Expr::Num(i)) => {
                let (v, w) = go(b)?;
                let range_is_plain = matches!(&**b, Expr::Id(n) if m.range(n)?.ends_with(":0"));
                let at = u32::try_from(number_value(i)?)
                    .ok()
                    .filter(|i| *i < w && range_is_plain)?;
                bit(v >> at & 1 == 1)
            }
            _ => None,
        },
        Expr::Unary(op, a) => {
            let (v, w) = go(a)?;
            match *op {
                "!" => bit(v == 0),
                "~" => Some((mask(!v, w), w)),
                "|" => bit(v != 0),
                "~|" => bit(v == 0),
                "&" => bit(v == mask(u64::MAX, w)),
                "~&" => bit(v != mask(u64::MAX, w)),
                "^" => bit(v.count_ones() % 2 == 1),
                _ => None,
            }
        }
        Expr::Binary(op, a, b) => {
            let ((x, v), (y, w)) = (go(a)?, go(b)?);
            match *op {
                "&&" => bit(x != 0 && y != 0),
                "||" => bit(x != 0 || y != 0),
                "==" if v == w => bit(x == y),
                "!=" if v == w => bit(x != y),
                "<" if v == w => bit(x < y),
                ">" if v == w => bit(x > y),
                "<=" if v == w => bit(x <= y),
                ">=" if v == w => bit(x >= y),
                "&" if v == w => Some((x & y, v)),
                "|" if v == w => Some((x | y, v)),
                "^" if v == w => Some((x ^ y, v)),
                "~^" | "^~" if v == w => Some((mask(!(x ^ y), v), v)),
                _ => None,
            }
        }
        Expr::Cond(c, a, b) => {
            let (yes, no) = (go(a)?, go(b)?);
            (yes.1 == no.1).then_some(if go(c)?.0 != 0 { yes } else { no })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::expr::parse;
    use super::*;
    use crate::domains::verilog::text::facts::PortFact;
    use crate::domains::verilog::types::{Direction, PortRole};

    #[test]
    fn values_by_hand() {
        let port = |name: &str, width| PortFact {
            name: name.into(),
            direction: Direction::Input,
            width,
            signed: false,
            role: PortRole::Data,
            range: (width > 1).then(|| format!("{}:0", width - 1)),
            comment: None,
            group: None,
        };
        let m = ModuleFacts {
            ports: vec![port("a", 1), port("b", 4)],
            ..Default::default()
        };
        let inputs = BTreeMap::from([("a".to_string(), 1), ("b".to_string(), 0b1010)]);
        let value = |s: &str| eval(&parse(s).unwrap(), &inputs, &m);
        assert_eq!(value("a & ~b[0]"), Some((1, 1)));
        assert_eq!(value("a ? ~b : 4'd0"), Some((0b0101, 4)));
        assert_eq!(value("^b | &b"), Some((0, 1)));
        assert_eq!(value("b + 4'd1"), None);
        assert_eq!(value("c"), None);
    }
}
