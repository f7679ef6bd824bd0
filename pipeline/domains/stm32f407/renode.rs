//! The second opinion: Renode runs the same firmware, and has to come to the same, as far as it can tell.
//!
//! Renode is the authority on the core, memory and the peripherals that its models cover; it knows no strictness about
//! clocks and pins, and its models keep no times of bits and edges. So each engine answers the same part of the check, the
//! part that both can tell of; where the answers differ the verdict is neither.

use super::check::{GpioCheck, Stm32Check};
use super::expect::{self, Difference};
use super::report::Report;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Peripherals whose models in Renode 1.16 do what ordinary firmware asks of them. Where a firmware uses others, an answer
/// that differs from the board's is Renode's gap until someone shows otherwise (ARCHITECTURE.md lists the gaps).
const COVERED: [&str; 6] = ["RCC", "FLASH", "SYSCFG", "GPIO", "USART", "UART"];
/// Memory of the chip: 64 KB of CCM, 128 KB of SRAM (RM0090 2.3).
const MEMORY: [std::ops::Range<u32>; 2] = [0x1000_0000..0x1001_0000, 0x2000_0000..0x2002_0000];

/// What comes of asking Renode as well.
#[derive(Clone, Debug, PartialEq)]
pub enum Opinion {
    /// Both came to the same on what both can tell: right (true), or wrong.
    Agrees(bool),
    /// What each has against the firmware; one of them nothing.
    Disagrees { board: Vec<String>, renode: Vec<String> },
    /// Renode cannot tell; why.
    Silent(String),
}

/// What the driver of Renode is told (`sandboxes/renode/plan.rs`); the error says what of the check it cannot do.
pub fn plan(check: &Stm32Check) -> Result<Value, String> {
    let stimulus = &check.stimulus;
    let beyond = [
        ("stimulus.i2c", stimulus.i2c.is_empty()),
        ("stimulus.spi", stimulus.spi.is_empty()),
        ("stimulus.can", stimulus.can.is_empty()),
        ("stimulus.adc", stimulus.adc.is_empty()),
        ("stimulus.fsmc", stimulus.fsmc.is_empty()),
        ("stimulus.sd", stimulus.sd.is_none()),
        ("stimulus.camera", stimulus.camera.is_none()),
        ("stimulus.wires", stimulus.wires.is_empty()),
    ];
    if let Some((what, _)) = beyond.iter().find(|(_, nothing)| !nothing) {
        return Err(format!("it is not given `{what}`"));
    }
    if check.uart.is_empty()
        && check.symbols.is_empty()
        && shared_gpio(check).next().is_none()
        && words(check).is_empty()
    {
        return Err("the check asks for nothing that it tells".into());
    }
    let timed = |pin: &GpioCheck| {
        pin.asks_for_edges() || pin.frequency_hz.or(pin.rising).or(pin.falling).or(pin.duty).is_some()
    };
    let times = check.gpio.iter().any(timed) || !check.line_gap_ms.is_empty();
    let ports: BTreeSet<&String> = check.uart.keys().chain(stimulus.uart.keys()).collect();
    let gpio: BTreeSet<&String> = check.gpio.iter().map(|pin| &pin.port).collect();
    Ok(json!({
        "run_ms": check.run_ms, "ports": ports, "gpio": gpio, "memory": words(check), "times": times,
        "uart": stimulus.uart.iter().map(|(port, inputs)| {
            let inputs: Vec<Value> = inputs.iter().map(|input| json!({"at_ms": input.at_ms, "text": input.text})).collect();
            (port.clone(), inputs)
        }).collect::<std::collections::BTreeMap<_, _>>(),
        "pins": stimulus.pins,
    }))
}

fn shared_gpio(check: &Stm32Check) -> impl Iterator<Item = &GpioCheck> {
    check.gpio.iter().filter(|pin| pin.level.is_some())
}

fn words(check: &Stm32Check) -> Vec<u32> {
    let inside = |address: &u32| MEMORY.iter().any(|range| range.contains(address));
    check.memory.iter().map(|word| word.address).filter(inside).collect()
}

/// The part of the check that both engines can answer, for a firmware that left its pins as `board` says.
fn shared(check: &Stm32Check, board: &Report) -> Stm32Check {
    let drives = |pin: &&GpioCheck| board.pins.get(&pin.name()).is_some_and(|pin| pin.mode == "output");
    let level = |pin: &GpioCheck| GpioCheck {
        level: pin.level,
        ..GpioCheck::named(&pin.port, pin.pin)
    };
    let inside = words(check);
    Stm32Check {
        run_ms: check.run_ms,
        uart: check.uart.clone(),
        symbols: check.symbols.clone(),
        gpio: shared_gpio(check).filter(drives).map(level).collect(),
        memory: check
            .memory
            .iter()
            .filter(|word| inside.contains(&word.address))
            .cloned()
            .collect(),
        faults: [0, check.faults[1]],
        ..Stm32Check::default()
    }
}

/// What a run has against the firmware, by this part of the check.
fn against(shared: &Stm32Check, report: &Report) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    if report.faults.len() as u64 > shared.faults[1] || report.ended == "lockup" {
        words.extend(report.faults.iter().map(|fault| fault.words()));
    }
    words.extend(
        expect::outcomes(shared, report)
            .into_iter()
            .map(|Difference { words, .. }| words),
    );
    words
}

/// Compares the two runs.
pub fn weigh(check: &Stm32Check, board: &Report, renode: &Report) -> Opinion {
    if let Some(lacks) = renode.unsupported.first() {
        return Opinion::Silent(format!("it has no model for what the firmware uses: {lacks}"));
    }
    if let Some(reset) = board.reset.causes.first() {
        return Opinion::Silent(format!("its models do not tell the cause of a reset ({})", reset.cause));
    }
    let shared = shared(check, board);
    if shared.uart.is_empty() && shared.symbols.is_empty() && shared.gpio.is_empty() && shared.memory.is_empty() {
        return Opinion::Silent("of what the check asks it tells nothing".into());
    }
    let (by_board, by_renode) = (against(&shared, board), against(&shared, renode));
    if by_board.is_empty() == by_renode.is_empty() {
        return Opinion::Agrees(by_board.is_empty());
    }
    let covered = |name: &String| COVERED.iter().any(|covered| name.starts_with(covered));
    match board.touched.keys().find(|name| !covered(name)) {
        Some(name) => {
            let differs = by_board.first().or(by_renode.first()).map_or("", String::as_str);
            Opinion::Silent(format!(
                "its model of {name} is no authority, and it differs: {differs}"
            ))
        }
        None => Opinion::Disagrees {
            board: by_board,
            renode: by_renode,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check() -> Stm32Check {
        serde_json::from_value(json!({
            "uart": {"usart2": "ok"}, "gpio": [{"port": "D", "pin": 12, "level": 1}, {"port": "A", "pin": 0, "level": 1}],
            "memory": [{"address": 0x2000_0000_u32, "value": 1}, {"address": 0x4002_0000_u32, "value": 9}], "registers": {"TIM3.CR1": {"value": 1}},
        }))
        .unwrap()
    }

    fn report(text: &str, level: u8, touched: &str) -> Report {
        serde_json::from_value(json!({
            "ended": "time", "uart": {"usart2": {"text": text}}, "memory": {"0x20000000": 1},
            "pins": {"D12": {"level": level, "mode": "output"}, "A0": {"level": 1, "mode": "input"}}, "touched": {touched: {"reads": 1, "writes": 1}},
        }))
        .unwrap()
    }

    #[test]
    fn it_is_asked_what_it_can_tell() {
        let plan = plan(&check()).unwrap();
        assert_eq!(
            (&plan["ports"], &plan["gpio"]),
            (&json!(["usart2"]), &json!(["A", "D"]))
        );
        assert_eq!(plan["memory"], json!([0x2000_0000_u32]));
        let _: sandboxes::renode::plan::Plan = serde_json::from_value(plan).unwrap();
        let mut more = check();
        more.stimulus.adc.insert("1".into(), vec![]);
        assert!(super::plan(&more).unwrap_err().contains("stimulus.adc"));
        assert!(super::plan(&Stm32Check::default()).unwrap_err().contains("nothing"));
    }

    #[test]
    fn the_same_answers_agree_and_others_are_no_verdict() {
        let board = report("ok", 1, "USART2");
        assert_eq!(weigh(&check(), &board, &report("ok", 1, "")), Opinion::Agrees(true));
        assert_eq!(
            weigh(&check(), &report("no", 1, "USART2"), &report("nah", 1, "")),
            Opinion::Agrees(false)
        );
        let Opinion::Disagrees {
            board: by_board,
            renode,
        } = weigh(&check(), &board, &report("no", 1, ""))
        else {
            panic!()
        };
        assert!(
            by_board.is_empty() && renode[0].starts_with("usart2 sent \"no\""),
            "{renode:?}"
        );
        // A lamp that only Renode leaves dark.
        assert!(matches!(
            weigh(&check(), &board, &report("ok", 0, "")),
            Opinion::Disagrees { .. }
        ));
    }

    #[test]
    fn what_its_models_lack_says_nothing() {
        let board = report("ok", 1, "TIM3");
        assert!(matches!(weigh(&check(), &board, &report("no", 1, "")), Opinion::Silent(why) if why.contains("TIM3")));
        let mut renode = report("no", 1, "");
        renode.unsupported.push("WriteDoubleWord at 0x40006400".into());
        assert!(matches!(
            weigh(&check(), &report("ok", 1, "USART2"), &renode),
            Opinion::Silent(_)
        ));
    }

    #[test]
    fn a_crash_of_one_alone_is_a_difference() {
        let mut renode = report("ok", 1, "");
        renode.faults.push(Default::default());
        assert!(matches!(
            weigh(&check(), &report("ok", 1, "USART2"), &renode),
            Opinion::Disagrees { .. }
        ));
        let pin = json!({"gpio": [{"port": "A", "pin": 0, "level": 1}]});
        let only_an_input: Stm32Check = serde_json::from_value(pin).unwrap();
        assert!(matches!(
            weigh(&only_an_input, &report("ok", 1, "USART2"), &report("ok", 1, "")),
            Opinion::Silent(_)
        ));
        let allowed = Stm32Check {
            faults: [1, 1],
            ..check()
        };
        assert_eq!(
            weigh(&allowed, &report("ok", 1, "USART2"), &renode),
            Opinion::Agrees(true)
        );
    }
}
