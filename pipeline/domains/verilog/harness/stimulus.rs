//! What the testbench drives: one packed word per cycle, from a seed.
//!
//! A run is a sequence of phases of 8 to 150 cycles. In each phase every input has a habit of its own: a one-bit
//! input a rate at which it is high, a wide one a way of choosing values. So controls are dense in one phase and
//! sparse in the next, data hold still or change at every cycle, and addresses meet again.

use super::bits::Bits;
use crate::domains::verilog::types::{Direction, Port, PortRole};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Cycles for which every reset is held at the start.
pub const RESET_CYCLES: u32 = 4;
/// Values that each width remembers, so that inputs of the same width meet again.
const POOL: usize = 6;
/// Constants of the design that are used, at most.
const MAX_CONSTANTS: usize = 256;

/// The inputs of the testbench's word, least significant first: data and resets in the order of the ports, then
/// auxiliary clocks. The main clock is not part of it.
pub fn packed_inputs(ports: &[Port]) -> Vec<&Port> {
    let data = ports
        .iter()
        .filter(|p| p.direction == Direction::Input && p.role != PortRole::Clock);
    let (aux, data): (Vec<&Port>, Vec<&Port>) = data.partition(|p| p.role == PortRole::AuxClock);
    data.into_iter().chain(aux).collect()
}

/// The stimulus as lines for `$readmemh`, one word per cycle.
pub fn stimulus(ports: &[Port], constants: &[(u32, String)], cycles: u32, seed: u64) -> String {
    let inputs = packed_inputs(ports);
    let mut source = Source::new(&inputs, constants, seed);
    let mut out = String::new();
    for cycle in 0..cycles {
        out.push_str(&source.word(cycle).hex());
        out.push('\n');
    }
    out
}

/// How a wide input chooses its values during a phase.
#[derive(Clone, Copy)]
enum Habit {
    Uniform,
    Small,
    Corners,
    Constants,
    /// Random with constants of the design laid over some of its fields.
    Fields,
    Pool,
    Counter,
    Walking,
    Sparse,
}

const HABITS: [Habit; 12] = [
    Habit::Uniform,
    Habit::Uniform,
    Habit::Small,
    Habit::Corners,
    Habit::Constants,
    Habit::Fields,
    Habit::Fields,
    Habit::Pool,
    Habit::Pool,
    Habit::Counter,
    Habit::Walking,
    Habit::Sparse,
];

/// Rates, of 256, at which a one-bit input is high.
const RATES: [u32; 9] = [0, 6, 26, 80, 128, 176, 230, 250, 256];

struct Lane {
    width: u32,
    role: PortRole,
    value: Bits,
    habit: Habit,
    /// Of 256: the chance that a one-bit input is high.
    rate: u32,
    /// Of 256: the chance that the value changes in a cycle.
    change: u32,
    phase_end: u32,
}

struct Source {
    rng: ChaCha8Rng,
    lanes: Vec<Lane>,
    constants: Vec<Bits>,
    pool: Vec<Bits>,
    /// Until when a reset pulse lasts, and when the next one begins.
    pulse_end: u32,
    next_pulse: u32,
}

impl Source {
    fn new(inputs: &[&Port], constants: &[(u32, String)], seed: u64) -> Source {
        let lane = |p: &&Port| Lane {
            width: p.width,
            role: p.role,
            value: Bits::zeros(p.width),
            habit: Habit::Uniform,
            rate: 128,
            change: 256,
            phase_end: 0,
        };
        let constants = constants
            .iter()
            .filter(|(w, _)| (1..=4096).contains(w))
            .take(MAX_CONSTANTS);
        Source {
            rng: ChaCha8Rng::seed_from_u64(seed),
            lanes: inputs.iter().map(lane).collect(),
            constants: constants.map(|(w, digits)| Bits::from_binary(*w, digits)).collect(),
            pool: Vec::new(),
            pulse_end: RESET_CYCLES,
            next_pulse: 200,
        }
    }

    /// A number below `n` (0 where `n` is 0). The bias of the modulus does not matter here.
    fn below(&mut self, n: u32) -> u32 {
        self.rng.next_u32().checked_rem(n).unwrap_or(0)
    }

    fn chance(&mut self, of_256: u32) -> bool {
        self.below(256) < of_256
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let at = self.below(from.len() as u32) as usize;
        from.get(at).copied()
    }

    fn word(&mut self, cycle: u32) -> Bits {
        if cycle >= self.next_pulse {
            self.pulse_end = cycle + 1 + self.below(2);
            self.next_pulse = cycle + 150 + self.below(400);
        }
        let resetting = cycle < self.pulse_end;
        let mut word = Vec::new();
        for i in 0..self.lanes.len() {
            if cycle >= self.lanes[i].phase_end {
                self.new_phase(i, cycle);
            }
            let value = self.next_value(i, resetting, cycle);
            word.extend_from_slice(&value.0);
            self.lanes[i].value = value;
        }
        Bits(word)
    }

    fn new_phase(&mut self, i: usize, cycle: u32) {
        let length = [8, 16, 40, 100][self.below(4) as usize];
        let habit = self.pick(&HABITS).unwrap_or(Habit::Uniform);
        let rate = self.pick(&RATES).unwrap_or(128);
        let change = self.pick(&[256, 256, 200, 64, 24]).unwrap_or(256);
        let end = cycle + length + self.below(length / 2);
        let lane = &mut self.lanes[i];
        (lane.habit, lane.rate, lane.change, lane.phase_end) = (habit, rate, change, end);
    }

    fn next_value(&mut self, i: usize, resetting: bool, cycle: u32) -> Bits {
        let (width, role, habit) = (self.lanes[i].width, self.lanes[i].role, self.lanes[i].habit);
        match role {
            PortRole::ResetHigh => Bits::from_u64(1, resetting.into()),
            PortRole::ResetLow => Bits::from_u64(1, (!resetting).into()),
            PortRole::AuxClock | PortRole::Clock => {
                // Toggles in seven cycles of ten: another rate than the main clock, and out of step with it.
                let flip = self.chance(180);
                Bits(vec![self.lanes[i].value.0.first().copied().unwrap_or(false) ^ flip])
            }
            PortRole::Data if width == 1 => {
                let rate = self.lanes[i].rate;
                Bits(vec![self.chance(rate)])
            }
            PortRole::Data => {
                let change = self.lanes[i].change;
                if cycle > 0 && !self.chance(change) {
                    return self.lanes[i].value.clone();
                }
                let value = self.fresh(i, width, habit);
                self.remember(&value);
                value
            }
        }
    }

    fn fresh(&mut self, i: usize, width: u32, habit: Habit) -> Bits {
        match habit {
            Habit::Uniform => self.uniform(width),
            Habit::Small => {
                let v = self.below(9);
                Bits::from_u64(width, v.into())
            }
            Habit::Corners => self.corner(width),
            Habit::Constants => self.constant(width).unwrap_or_else(|| self.uniform(width)),
            Habit::Fields => self.fields(width),
            Habit::Pool => self.seen_lately(width),
            Habit::Counter => self.lanes[i].value.plus(1),
            Habit::Walking => {
                let at = self.below(width);
                let mut value = if self.chance(128) {
                    Bits::zeros(width)
                } else {
                    Bits::ones(width)
                };
                value.0[at as usize] ^= true;
                value
            }
            Habit::Sparse => {
                let (a, b) = (self.uniform(width), self.uniform(width));
                Bits(a.0.iter().zip(&b.0).map(|(x, y)| x & y).collect())
            }
        }
    }

    fn uniform(&mut self, width: u32) -> Bits {
        let mut bits = Vec::with_capacity(width as usize);
        while bits.len() < width as usize {
            let word = self.rng.next_u64();
            bits.extend((0..64).map(|i| word >> i & 1 == 1));
        }
        bits.truncate(width as usize);
        Bits(bits)
    }

    fn corner(&mut self, width: u32) -> Bits {
        let mut top = Bits::zeros(width);
        top.0[width as usize - 1] = true;
        match self.below(6) {
            0 => Bits::zeros(width),
            1 => Bits::ones(width),
            2 => Bits::from_u64(width, 1),
            3 => top,
            4 => top.plus(-1),
            _ => Bits::ones(width).plus(-1),
        }
    }

    /// A constant of the design that fits the width, or one off it.
    fn constant(&mut self, width: u32) -> Option<Bits> {
        let fit: Vec<usize> = (0..self.constants.len())
            .filter(|&i| self.constants[i].width() <= width)
            .collect();
        let exact: Vec<usize> = fit
            .iter()
            .copied()
            .filter(|&i| self.constants[i].width() == width)
            .collect();
        let among = if !exact.is_empty() && self.chance(200) {
            &exact
        } else {
            &fit
        };
        let at = self.pick(among)?;
        let mut value = Bits::zeros(width);
        value.overlay(0, &self.constants[at]);
        let off = [0, 0, 0, 0, 0, 0, 1, -1][self.below(8) as usize];
        Some(value.plus(off))
    }

    fn fields(&mut self, width: u32) -> Bits {
        let mut value = if self.chance(200) {
            self.uniform(width)
        } else {
            self.seen_lately(width)
        };
        let fit: Vec<usize> = (0..self.constants.len())
            .filter(|&i| self.constants[i].width() < width)
            .collect();
        for _ in 0..1 + self.below(3) {
            let Some(at) = self.pick(&fit) else { break };
            let room = width - self.constants[at].width();
            let offset = match self.below(3) {
                0 => 0,
                1 => room,
                _ => self.below(room + 1),
            };
            value.overlay(offset, &self.constants[at].clone());
        }
        value
    }

    /// A value seen lately on any input, cut or extended to the width, sometimes one off.
    fn seen_lately(&mut self, width: u32) -> Bits {
        let among: Vec<usize> = (0..self.pool.len())
            .filter(|&i| self.pool[i].width() == width)
            .collect();
        let at = match self.pick(&among) {
            Some(at) if self.chance(240) => at,
            _ => return self.uniform(width),
        };
        let off = [0, 0, 0, 0, 0, 1, -1, 4][self.below(8) as usize];
        self.pool[at].plus(off)
    }

    fn remember(&mut self, value: &Bits) {
        let same: Vec<usize> = (0..self.pool.len())
            .filter(|&i| self.pool[i].width() == value.width())
            .collect();
        if same.len() < POOL {
            self.pool.push(value.clone());
        } else if self.chance(24)
            && let Some(at) = self.pick(&same)
        {
            self.pool[at] = value.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: &str, width: u32, role: PortRole) -> Port {
        Port {
            name: name.into(),
            direction: Direction::Input,
            width,
            signed: false,
            role,
        }
    }

    #[test]
    fn resets_come_first_and_again_and_the_clock_is_not_packed() {
        let ports = [
            port("clk", 1, PortRole::Clock),
            port("rst_n", 1, PortRole::ResetLow),
            port("d", 9, PortRole::Data),
        ];
        let words = stimulus(&ports, &[(9, "101010101".into())], 2000, 7);
        let reset: Vec<bool> = words
            .lines()
            .map(|l| u32::from_str_radix(l, 16).unwrap() & 1 == 0)
            .collect();
        assert_eq!(reset.len(), 2000);
        assert!(reset[..RESET_CYCLES as usize].iter().all(|&r| r));
        assert!(!reset[RESET_CYCLES as usize]);
        assert!(reset[10..].iter().any(|&r| r));
        assert!(
            words
                .lines()
                .any(|l| u32::from_str_radix(l, 16).unwrap() >> 1 == 0b101010101)
        );
        assert_eq!(words, stimulus(&ports, &[(9, "101010101".into())], 2000, 7));
        assert_ne!(words, stimulus(&ports, &[(9, "101010101".into())], 2000, 8));
    }

    #[test]
    fn hostile_constants_and_wide_ports_do_no_harm() {
        let constants = [
            (0, String::new()),
            (u32::MAX, "1".into()),
            (3, "xz?é".into()),
            (64, "1".repeat(9000)),
        ];
        let ports = [
            port("a", 4096, PortRole::Data),
            port("b", 2, PortRole::Data),
            port("c", 1, PortRole::AuxClock),
        ];
        let words = stimulus(&ports, &constants, 50, 1);
        assert!(words.lines().all(|l| l.len() == (4096usize + 2 + 1).div_ceil(4)));
    }
}
