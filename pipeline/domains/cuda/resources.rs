//! What a kernel takes of a multiprocessor, as ptxas says (`-Xptxas -v`), and how many of its warps fit on one.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What ptxas says of one kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// 32-bit registers of a thread.
    pub registers: u32,
    /// Static shared memory of a block, bytes.
    pub shared: u32,
    /// Constant memory, all banks, bytes.
    pub constant: u32,
    /// Stack frame of a thread, bytes.
    pub stack: u32,
    /// Registers kept in local memory, bytes stored and loaded by a thread.
    pub spill_stores: u32,
    pub spill_loads: u32,
    pub barriers: u32,
}

impl Resources {
    pub fn json(&self) -> Value {
        json!({
            "registers": self.registers, "shared_bytes": self.shared, "constant_bytes": self.constant, "stack_bytes": self.stack,
            "spill_store_bytes": self.spill_stores, "spill_load_bytes": self.spill_loads, "barriers": self.barriers,
        })
    }
}

/// Reads a compiler's log: resources by architecture and kernel (its mangled name).
pub fn read(log: &str) -> BTreeMap<(String, String), Resources> {
    let mut all = BTreeMap::new();
    let mut kernel: Option<(String, String)> = None;
    // Frames are told of functions that are not inlined as well.
    let mut own_frame = false;
    for line in log.lines() {
        let Some(text) = line
            .split_once("ptxas info")
            .map(|(_, t)| t.trim_start_matches([' ', ':']))
        else {
            if let Some(resources) = kernel.as_ref().and_then(|k| all.get_mut(k)).filter(|_| own_frame) {
                properties(line, resources);
            }
            continue;
        };
        if let Some(names) = text.strip_prefix("Compiling entry function ") {
            let mut names = names.split('\'').skip(1).step_by(2).map(str::to_string);
            kernel = names.next().and_then(|name| Some((names.next()?, name)));
            if let Some(key) = &kernel {
                all.insert(key.clone(), Resources::default());
            }
        } else if text.starts_with("Used ")
            && let Some(resources) = kernel.as_ref().and_then(|k| all.get_mut(k))
        {
            used(text, resources);
        } else if let Some(name) = text.strip_prefix("Function properties for ") {
            own_frame = kernel.as_ref().is_some_and(|(_, kernel)| name == kernel);
        }
    }
    all
}

/// `8 bytes stack frame, 0 bytes spill stores, 4 bytes spill loads`
fn properties(line: &str, resources: &mut Resources) {
    for part in line.split(',') {
        let number = || part.split_whitespace().next().and_then(|n| n.parse().ok());
        let place = match part.trim().split_once(" bytes ").map(|(_, what)| what) {
            Some("stack frame") => &mut resources.stack,
            Some("spill stores") => &mut resources.spill_stores,
            Some("spill loads") => &mut resources.spill_loads,
            _ => continue,
        };
        *place = number().unwrap_or(0);
    }
}

/// `Used 10 registers, used 1 barriers, 512 bytes smem, 364 bytes cmem[0], 64 bytes cmem[3]`
fn used(text: &str, resources: &mut Resources) {
    for part in text.split(',') {
        let words: Vec<&str> = part.split_whitespace().collect();
        let number = words.iter().find_map(|w| w.parse::<u32>().ok()).unwrap_or(0);
        match words.last() {
            Some(&"registers") => resources.registers = number,
            Some(&"barriers") => resources.barriers = number,
            Some(&"smem") => resources.shared = number,
            Some(bank) if bank.starts_with("cmem") => resources.constant += number,
            _ => {}
        }
    }
}

/// A multiprocessor, from "Technical Specifications per Compute Capability" (CUDA C++ Programming Guide).
struct Multiprocessor {
    warps: u32,
    blocks: u32,
    /// Shared memory, bytes.
    shared: u32,
    /// Shared memory is given out in pieces of this size, and the system keeps some of each block's, bytes.
    shared_unit: u32,
    shared_kept: u32,
}

/// Registers of a multiprocessor, and how many are given to a warp at once: the same since compute capability 5.
const REGISTERS: u32 = 64 << 10;
const REGISTER_UNIT: u32 = 256;
const WARP: u32 = 32;
/// Warps get registers four at a time, one for each of a multiprocessor's four parts.
const PARTS: u32 = 4;

fn multiprocessor(capability: u32) -> Option<Multiprocessor> {
    let of = |warps, blocks, shared_kib: u32| Multiprocessor {
        warps,
        blocks,
        shared: shared_kib << 10,
        shared_unit: if capability < 80 { 256 } else { 128 },
        shared_kept: if capability < 80 { 0 } else { 1 << 10 },
    };
    Some(match capability {
        75 => of(32, 16, 64),
        80 => of(64, 32, 164),
        86 => of(48, 16, 100),
        87 => of(48, 16, 164),
        88 | 89 => of(48, 24, 100),
        90 | 100 | 101 | 103 | 110 => of(64, 32, 228),
        120 | 121 => of(48, 24, 100),
        _ => return None,
    })
}

/// Warps that are on a multiprocessor at once, over those that there is room for, 0..=1, and what limits them. `None` for
/// an unknown architecture, and for a block that does not fit at all.
pub fn occupancy(arch: &str, resources: &Resources, threads: u32, dynamic_shared: u32) -> Option<(f64, &'static str)> {
    let digits: String = arch.chars().filter(char::is_ascii_digit).collect();
    let sm = multiprocessor(digits.parse().ok()?)?;
    let warps = threads.div_ceil(WARP).max(1);
    let per_warp = (resources.registers * WARP).next_multiple_of(REGISTER_UNIT);
    let by_registers = match per_warp {
        0 => u32::MAX,
        _ => REGISTERS / PARTS / per_warp * PARTS / warps,
    };
    let shared = (resources.shared + dynamic_shared + sm.shared_kept).next_multiple_of(sm.shared_unit);
    let by_shared = sm.shared.checked_div(shared).unwrap_or(u32::MAX);
    let (blocks, limit) = [
        (sm.warps / warps, "warps"),
        (sm.blocks, "blocks"),
        (by_registers, "registers"),
        (by_shared, "shared memory"),
    ]
    .into_iter()
    .min_by_key(|(blocks, _)| *blocks)?;
    (blocks > 0).then(|| (f64::from(blocks * warps) / f64::from(sm.warps), limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
ptxas info    : 0 bytes gmem, 64 bytes cmem[3]
ptxas info    : Compiling entry function '_Z1kILi128EEvPfi' for 'sm_75'
ptxas info    : Function properties for _Z1kILi128EEvPfi
    8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
ptxas info    : Function properties for _Z5otherv
    96 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 10 registers, used 1 barriers, 8 bytes cumulative stack size, 512 bytes smem, 364 bytes cmem[0], 64 bytes cmem[3]
ptxas info    : Compile time = 2.983 ms
ptxas info    : Compiling entry function '_Z1jv' for 'sm_90'
ptxas info    : Function properties for _Z1jv
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 4 registers, used 0 barriers
";

    #[test]
    fn what_ptxas_says_is_read_by_kernel() {
        let all = read(LOG);
        let k = &all[&("sm_75".to_string(), "_Z1kILi128EEvPfi".to_string())];
        let expected = Resources {
            registers: 10,
            shared: 512,
            constant: 428,
            stack: 8,
            spill_stores: 4,
            spill_loads: 12,
            barriers: 1,
        };
        assert_eq!(k, &expected);
        assert_eq!(all[&("sm_90".to_string(), "_Z1jv".to_string())].registers, 4);
        assert_eq!(all.len(), 2);
    }

    /// Figures of the occupancy calculator that comes with the toolkit.
    #[test]
    fn occupancy_follows_the_published_rules() {
        let takes = |registers, shared| Resources {
            registers,
            shared,
            ..Resources::default()
        };
        assert_eq!(occupancy("sm_75", &takes(32, 0), 256, 0), Some((1.0, "warps")));
        assert_eq!(occupancy("sm_80", &takes(32, 0), 32, 0), Some((0.5, "blocks")));
        assert_eq!(occupancy("sm_80", &takes(64, 0), 256, 0), Some((0.5, "registers")));
        assert_eq!(occupancy("sm_90", &takes(255, 0), 256, 0), Some((0.125, "registers")));
        assert_eq!(
            occupancy("sm_75", &takes(16, 0), 128, 32 << 10),
            Some((0.25, "shared memory"))
        );
        assert_eq!(
            occupancy("sm_86", &takes(16, 48 << 10), 128, 0),
            Some((8.0 / 48.0, "shared memory"))
        );
        assert_eq!(occupancy("sm_75", &takes(16, 65 << 10), 128, 0), None);
        assert_eq!(occupancy("sm_60", &takes(16, 0), 128, 0), None);
    }
}
