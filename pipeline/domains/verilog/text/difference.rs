//! What differs between two expressions, at the smallest place.

use super::expr::{Expr, children, code};

/// A difference between a right and a wrong expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// Same operands, another operator: (left, right operator, wrong operator, right).
    Operator(String, &'static str, &'static str, String),
    /// Another unary operator on the same argument: (right, wrong, argument).
    Unary(&'static str, &'static str, String),
    /// The wrong one negates this.
    Negated(String),
    /// The wrong one leaves this operator (`!`, `~`, `&` …) off this argument.
    Unnegated(&'static str, String),
    /// (right, wrong)
    Constant(String, String),
    /// (right, wrong)
    Name(String, String),
    /// Operands exchanged: the right order.
    Swapped(String, String),
    /// Branches of a choice exchanged: (condition, the value for true, the value for false).
    Branches(String, String, String),
    /// An operand of a binary operator is missing: (operator, what is missing, what is left).
    Dropped(&'static str, String, String),
    /// Anything else: (right, wrong) at the smallest place.
    Replaced(String, String),
}

/// The difference; `None` where the two are the same.
pub fn difference(right: &Expr, wrong: &Expr) -> Option<Difference> {
    use Difference::*;
    if right == wrong {
        return None;
    }
    let (r, w) = (code(right), code(wrong));
    Some(match (right, wrong) {
        (Expr::Num(_), Expr::Num(_)) => Constant(r, w),
        (Expr::Id(_), Expr::Id(_)) => Name(r, w),
        (Expr::Unary(a, x), Expr::Unary(b, y)) if x == y => Unary(a, b, code(x)),
        (Expr::Unary(op, x), _) if **x == *wrong => Unnegated(op, w),
        (_, Expr::Unary("!" | "~", x)) if **x == *right => Negated(r),
        (Expr::Binary(a, l, x), Expr::Binary(b, k, y)) if l == k && x == y => Operator(code(l), a, b, code(x)),
        (Expr::Binary(a, l, x), Expr::Binary(b, k, y)) if a == b && l == y && x == k => Swapped(code(l), code(x)),
        (Expr::Binary(op, l, x), _) if **l == *wrong => Dropped(op, code(x), w),
        (Expr::Binary(op, l, x), _) if **x == *wrong => Dropped(op, code(l), w),
        (Expr::Cond(c, a, b), Expr::Cond(d, x, y)) if c == d && a == y && b == x => Branches(code(c), code(a), code(b)),
        _ if same_shape(right, wrong) => {
            let pairs = children(right).into_iter().zip(children(wrong));
            let differing: Vec<_> = pairs.filter(|(a, b)| a != b).collect();
            match differing[..] {
                [(a, b)] if !inside_select(right, a) => return difference(a, b),
                _ => Replaced(r, w),
            }
        }
        _ => Replaced(r, w),
    })
}

fn same_shape(a: &Expr, b: &Expr) -> bool {
    let op = |e: &Expr| match e {
        Expr::Binary(op, ..) | Expr::Unary(op, ..) | Expr::Slice(_, op, ..) => op.to_string(),
        Expr::Call(n, _) => n.clone(),
        _ => String::new(),
    };
    std::mem::discriminant(a) == std::mem::discriminant(b) && op(a) == op(b) && children(a).len() == children(b).len()
}

/// A wrong index is told with the signal that it selects from.
fn inside_select(whole: &Expr, part: &Expr) -> bool {
    match whole {
        Expr::Index(base, _) | Expr::Slice(base, ..) => !std::ptr::eq(&**base, part),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::expr::parse;
    use super::*;

    fn d(a: &str, b: &str) -> Difference {
        difference(&parse(a).unwrap(), &parse(b).unwrap()).unwrap()
    }

    #[test]
    fn smallest_place() {
        assert_eq!(
            d("x | (a == b)", "x | (a != b)"),
            Difference::Operator("a".into(), "==", "!=", "b".into())
        );
        assert_eq!(d("q & ~a", "q & a"), Difference::Unnegated("~", "a".into()));
        assert_eq!(
            d("a && b && c", "a && b"),
            Difference::Dropped("&&", "c".into(), "a && b".into())
        );
        assert_eq!(
            d("r[7:0] + 1", "r[6:0] + 1"),
            Difference::Replaced("r[7:0]".into(), "r[6:0]".into())
        );
        assert_eq!(
            d("c ? a : b", "c ? b : a"),
            Difference::Branches("c".into(), "a".into(), "b".into())
        );
        assert_eq!(d("!(a | b)", "!(!(a | b))"), Difference::Negated("!(a | b)".into()));
    }
}
