//! Bit vectors as the stimulus builds them and as the harness files spell them.

/// A vector of bits, least significant first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits(pub Vec<bool>);

impl Bits {
    pub fn zeros(width: u32) -> Bits {
        Bits(vec![false; width as usize])
    }

    pub fn ones(width: u32) -> Bits {
        Bits(vec![true; width as usize])
    }

    /// The low bits of a number, zero-extended.
    pub fn from_u64(width: u32, value: u64) -> Bits {
        Bits((0..width).map(|i| i < 64 && value >> i & 1 == 1).collect())
    }

    /// From binary digits, most significant first; digits other than 1 are 0. Truncated or zero-extended.
    pub fn from_binary(width: u32, digits: &str) -> Bits {
        let mut bits: Vec<bool> = digits.bytes().rev().map(|b| b == b'1').collect();
        bits.resize(width as usize, false);
        Bits(bits)
    }

    pub fn width(&self) -> u32 {
        self.0.len() as u32
    }

    /// Writes `other` over the bits from `offset` on; what does not fit is cut.
    pub fn overlay(&mut self, offset: u32, other: &Bits) {
        for (i, &bit) in other.0.iter().enumerate() {
            if let Some(slot) = self.0.get_mut(offset as usize + i) {
                *slot = bit;
            }
        }
    }

    /// This number plus a small one, wrapping around.
    pub fn plus(&self, value: i64) -> Bits {
        let mut carry = false;
        let add = |(i, &bit): (usize, &bool)| {
            let other = value >> i.min(63) & 1 == 1;
            let sum = bit ^ other ^ carry;
            carry = bit & other | carry & (bit ^ other);
            sum
        };
        Bits(self.0.iter().enumerate().map(add).collect())
    }

    /// Hexadecimal digits, most significant first, without prefix; at least one.
    pub fn hex(&self) -> String {
        let mut out = String::with_capacity(self.0.len() / 4 + 1);
        for nibble in self.0.chunks(4).rev() {
            let value = nibble.iter().rev().fold(0, |v, &b| v << 1 | u32::from(b));
            out.push(char::from_digit(value, 16).unwrap_or('0'));
        }
        if out.is_empty() {
            out.push('0');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_machine_arithmetic(value: u32, delta: i16, offset in 0u32..32, low: u8) {
            let bits = Bits::from_u64(32, value.into());
            prop_assert_eq!(u32::from_str_radix(&bits.hex(), 16).unwrap(), value);
            prop_assert_eq!(bits.plus(delta.into()).hex(), format!("{:08x}", value.wrapping_add(delta as i32 as u32)));
            let mut laid = bits.clone();
            laid.overlay(offset, &Bits::from_u64(8, low.into()));
            let mask = 0xffu64 << offset;
            let want = (u64::from(value) & !mask | u64::from(low) << offset) as u32;
            prop_assert_eq!(laid.hex(), format!("{want:08x}"));
            prop_assert_eq!(Bits::from_binary(32, &format!("{value:b}")), bits);
        }
    }
}
