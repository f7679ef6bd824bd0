//! What the monitor's replies say, as numbers.

use super::monitor::Trouble;

/// A reply that is not what such a command answers.
pub fn odd(said: &str) -> Trouble {
    Trouble::OutOfStep(format!("an answer that cannot be read: {said:?}"))
}

/// `0x800016a`, `0x0000000000000E4E`, `12`.
pub fn number(said: &str) -> Result<u64, Trouble> {
    let said = said.trim();
    let number = match said.strip_prefix("0x").or(said.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => said.parse(),
    };
    number.map_err(|_| odd(said))
}

/// Milliseconds that have passed on the machine: `… TimeElapsed = 00:00:00.350000000]`.
pub fn virtual_ms(said: &str) -> Result<f64, Trouble> {
    let time = || {
        let (_, rest) = said.rsplit_once("TimeElapsed = ")?;
        let mut parts = rest.trim_end_matches(']').trim().split(':');
        let hours: u64 = parts.next()?.parse().ok()?;
        let minutes: u64 = parts.next()?.parse().ok()?;
        let seconds: f64 = parts.next()?.parse().ok()?;
        let whole = (hours * 60 + minutes) * 60;
        parts.next().is_none().then_some(whole as f64 * 1e3 + seconds * 1e3)
    };
    time().ok_or_else(|| odd(said))
}

/// `[ (0, GPIO: unset), (1, GPIO: set), … ]`: the number of each pin and whether it is driven high.
pub fn pins(said: &str) -> Result<Vec<(u8, bool)>, Trouble> {
    let inner = said.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inner = inner.ok_or_else(|| odd(said))?;
    let entries = inner
        .split(')')
        .map(|entry| entry.trim_start_matches([',', ' ', '\n', '(']));
    entries
        .filter(|entry| !entry.trim().is_empty())
        .map(|entry| {
            let (number, level) = entry.split_once(", GPIO: ").ok_or_else(|| odd(entry))?;
            let number = number.trim().parse().map_err(|_| odd(entry))?;
            match level.trim() {
                "set" => Ok((number, true)),
                "unset" => Ok((number, false)),
                _ => Err(odd(entry)),
            }
        })
        .collect()
}

/// `[ 0x5E, 0x01, … ]`
pub fn bytes(said: &str) -> Result<Vec<u8>, Trouble> {
    let inner = said.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let words = inner.ok_or_else(|| odd(said))?.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(|word| u8::try_from(number(word)?).map_err(|_| odd(word)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_numbers() {
        assert_eq!(number("0x800016a").unwrap(), 0x0800_016A);
        assert_eq!(number("0x0000000000000E4E").unwrap(), 0xE4E);
        let time = "[Domain = Elapsed Virtual Time: 00:00:00.350000000\nState: Idle\nQuantum: 00:00:00.000100000, TimeElapsed = 00:01:00.350000000]";
        assert!((virtual_ms(time).unwrap() - 60_350.0).abs() < 1e-6);
        let said = "[\n(0, GPIO: unset), (1, GPIO: set), \n(10, GPIO: unset), \n]";
        assert_eq!(pins(said).unwrap(), [(0, false), (1, true), (10, false)]);
        assert_eq!(bytes("[\n0x5E, 0x01, \n0x00, \n]").unwrap(), [0x5E, 1, 0]);
    }

    #[test]
    fn what_is_no_number_is_said_to_be_none() {
        assert!(number("False").is_err() && number("").is_err() && number("0x").is_err());
        assert!(virtual_ms("TimeElapsed = soon]").is_err() && virtual_ms("").is_err());
        assert!(
            pins("(0, GPIO: set)").is_err() && pins("[(0, GPIO: odd)]").is_err() && pins("[(x, GPIO: set)]").is_err()
        );
        assert!(bytes("[0x100]").is_err() && bytes("0x1").is_err());
    }
}
