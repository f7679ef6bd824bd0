//! Names that a check uses: of ports, peripherals, registers, interrupts, clocks. They are put into the chip's spelling; one
//! that the chip does not have is a mistake in the task and told as such, since asked of a firmware it would be a failure
//! that none could avoid.

use super::check::Stm32Check;
use crate::recipe::diagnostics::{did_you_mean, quote};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// A mistake: what is wrong, and the remedy.
pub type Mistake = (String, Option<String>);

const UART: [&str; 6] = ["usart1", "usart2", "usart3", "uart4", "uart5", "usart6"];
const CAN: [&str; 2] = ["can1", "can2"];
const I2S: [&str; 2] = ["i2s2", "i2s3"];
const I2C: [&str; 3] = ["i2c1", "i2c2", "i2c3"];
const SPI: [&str; 3] = ["spi1", "spi2", "spi3"];
/// Regions of the FSMC's bank 1.
const REGIONS: [&str; 4] = ["1", "2", "3", "4"];
const CLOCKS: [&str; 4] = ["sysclk", "hclk", "pclk1", "pclk2"];
const RESETS: [&str; 4] = ["iwdg", "wwdg", "software", "standby"];
/// Exceptions of the core, as the board reports them.
const EXCEPTIONS: [&str; 9] = [
    "NMI",
    "HardFault",
    "MemManage",
    "BusFault",
    "UsageFault",
    "SVCall",
    "DebugMonitor",
    "PendSV",
    "SysTick",
];
/// Peripherals of the core, folded: the board's table has none of them.
const CORE: [&str; 6] = ["systick", "nvic", "scb", "mpu", "fpu", "dwt"];
const CORE_HELP: &str = "the core's own are not counted; `check.interrupts` tells what they did";
/// Channels of the converters: 16 pins, the temperature sensor, the reference and the battery (RM0090 13.3.3).
const ADC_CHANNELS: u32 = 19;

/// What the chip has, by the board's own table.
struct Chip {
    peripherals: BTreeSet<&'static str>,
    /// As `TIM3.CR1`.
    registers: BTreeSet<String>,
    interrupts: BTreeSet<&'static str>,
}

static CHIP: LazyLock<Chip> = LazyLock::new(|| {
    let mut chip = Chip {
        peripherals: BTreeSet::new(),
        registers: BTreeSet::new(),
        interrupts: EXCEPTIONS.into(),
    };
    let mut last = "";
    for line in sandboxes::stm32f407::REGISTERS.lines() {
        let name = |rest: &'static str| rest.split_once(',').map_or(rest, |(name, _)| name);
        match line.split_once('(') {
            Some(("P", rest)) => {
                last = name(rest);
                chip.peripherals.insert(last);
            }
            Some(("I", rest)) => drop(chip.interrupts.insert(name(rest))),
            Some(("R", rest)) => drop(chip.registers.insert(format!("{last}.{}", name(rest)))),
            _ => {}
        }
    }
    chip
});

/// Puts every name into the chip's spelling; says which there are not, and which ranges are empty.
pub fn settle(check: &mut Stm32Check) -> Vec<Mistake> {
    let mut said = Vec::new();
    let adc: Vec<String> = (0..ADC_CHANNELS).map(|n| n.to_string()).collect();
    let adc: Vec<&str> = adc.iter().map(String::as_str).collect();
    let interrupts: Vec<&str> = CHIP.interrupts.iter().copied().collect();
    let registers: Vec<&str> = CHIP.registers.iter().map(String::as_str).collect();
    let stimulus = &mut check.stimulus;
    keys(&mut check.uart, "uart", &UART, &mut said);
    keys(&mut check.baud, "baud", &UART, &mut said);
    keys(&mut check.line_gap_ms, "line_gap_ms", &UART, &mut said);
    keys(&mut check.can, "can", &CAN, &mut said);
    keys(&mut check.i2s, "i2s", &I2S, &mut said);
    keys(&mut check.lcd, "lcd", &REGIONS, &mut said);
    keys(&mut check.clock, "clock", &CLOCKS, &mut said);
    keys(&mut check.interrupts, "interrupts", &interrupts, &mut said);
    keys(&mut check.registers, "registers", &registers, &mut said);
    keys(&mut stimulus.uart, "stimulus.uart", &UART, &mut said);
    keys(&mut stimulus.i2c, "stimulus.i2c", &I2C, &mut said);
    keys(&mut stimulus.spi, "stimulus.spi", &SPI, &mut said);
    keys(&mut stimulus.can, "stimulus.can", &CAN, &mut said);
    keys(&mut stimulus.adc, "stimulus.adc", &adc, &mut said);
    let peripherals: Vec<&str> = CHIP.peripherals.iter().copied().collect();
    for names in &mut check.uses {
        let settled: Vec<String> = names
            .split('|')
            .map(|name| settled(name, "uses", &peripherals, &mut said))
            .collect();
        *names = settled.join("|");
    }
    for cause in &mut check.resets {
        *cause = settled(cause, "resets", &RESETS, &mut said);
    }
    let written = serde_json::to_value(&*check).unwrap_or_default();
    empty_ranges("check", &written, &mut said);
    said
}

/// A map with its keys in the chip's spelling.
fn keys<T>(map: &mut BTreeMap<String, T>, key: &str, names: &[&str], said: &mut Vec<Mistake>) {
    for (name, value) in std::mem::take(map) {
        let settled = settled(&name, key, names, said);
        if map.insert(settled.clone(), value).is_some() {
            said.push((format!("`check.{key}` names {} twice", quote(&settled)), None));
        }
    }
}

/// The chip's spelling of a name; the name itself, and a mistake, where the chip has none such.
fn settled(name: &str, key: &str, names: &[&str], said: &mut Vec<Mistake>) -> String {
    let folded = |name: &str| name.trim().replace("->", ".").to_ascii_lowercase();
    let wanted = folded(name);
    let bare = ["_irqn", "_irqhandler", "_handler"]
        .iter()
        .find_map(|suffix| wanted.strip_suffix(suffix));
    match names
        .iter()
        .find(|n| [Some(wanted.as_str()), bare].contains(&Some(&folded(n))))
    {
        Some(found) => (*found).to_string(),
        None => {
            let few = || (names.len() <= 8).then(|| format!("one of {}", names.join(", ")));
            let core = || CORE.contains(&wanted.as_str()).then(|| CORE_HELP.to_string());
            let help = core()
                .or_else(|| did_you_mean(name, names.iter().copied()))
                .or_else(few);
            said.push((
                format!("`check.{key}` names {}, which the chip does not have", quote(name)),
                help,
            ));
            name.to_string()
        }
    }
}

/// Ranges (pairs of numbers, wherever they stand) whose least is above their most: nothing could lie in them.
fn empty_ranges(path: &str, value: &Value, said: &mut Vec<Mistake>) {
    match value {
        Value::Array(items) => {
            if let [Value::Number(least), Value::Number(most)] = items.as_slice()
                && least.as_f64() > most.as_f64()
            {
                said.push((
                    format!("{} goes from {least} to {most}: the least comes first", quote(path)),
                    None,
                ));
            }
            for (n, item) in items.iter().enumerate() {
                empty_ranges(&format!("{path}[{n}]"), item, said);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                empty_ranges(&format!("{path}.{name}"), field, said);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settle_json(check: Value) -> (Stm32Check, String) {
        let mut check: Stm32Check = serde_json::from_value(check).unwrap();
        let said = settle(&mut check);
        let line = |(message, help): &Mistake| match help {
            Some(help) => format!("{message}; {help}"),
            None => message.clone(),
        };
        (check, said.iter().map(line).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn names_come_in_the_chips_spelling() {
        let (check, said) = settle_json(json!({
            "uart": {"USART2": "ok"}, "uses": ["gpiod", "tim2|TIM5"], "clock": {"SYSCLK": 1}, "resets": ["IWDG"],
            "interrupts": {"EXTI0_IRQn": [1, 2], "SysTick_Handler": [1, 2], "tim3_irqhandler": [0, 0]},
            "registers": {"TIM3->CR1": {"value": 1}, "GPIOD.ODR": {"value": 1}},
            "stimulus": {"uart": {"UART4": []}, "adc": {"18": []}},
        }));
        assert_eq!(said, "");
        assert!(check.uart.contains_key("usart2") && check.clock.contains_key("sysclk"));
        assert_eq!(check.uses, ["GPIOD", "TIM2|TIM5"]);
        assert_eq!(check.resets, ["iwdg"]);
        assert_eq!(
            check.interrupts.keys().collect::<Vec<_>>(),
            ["EXTI0", "SysTick", "TIM3"]
        );
        assert_eq!(check.registers.keys().collect::<Vec<_>>(), ["GPIOD.ODR", "TIM3.CR1"]);
        assert!(check.stimulus.uart.contains_key("uart4"));
    }

    #[test]
    fn what_the_chip_does_not_have_is_told() {
        let (_, said) = settle_json(json!({
            "uart": {"uart2": "ok"}, "baud": {"usart7": [2, 1]}, "uses": ["TIM99", "SysTick"], "resets": ["watchdog"],
            "interrupts": {"EXTI99": [1, 2]}, "registers": {"TIM3.CR9": {"value": 1}},
            "stimulus": {"spi": {"spi9": []}, "adc": {"19": []}}, "i2s": {"i2s2": [1, 2], "I2S2": [1, 2]},
            "symbols": {"n": {"words": [[1, 2], [4, 3]]}},
        }));
        insta::assert_snapshot!(said, @r"
        `check.uart` names `uart2`, which the chip does not have; did you mean `usart2`?
        `check.baud` names `usart7`, which the chip does not have; did you mean `usart1`?
        `check.i2s` names `i2s2` twice
        `check.interrupts` names `EXTI99`, which the chip does not have; did you mean `EXTI0`?
        `check.registers` names `TIM3.CR9`, which the chip does not have; did you mean `TIM3.CR1`?
        `check.stimulus.spi` names `spi9`, which the chip does not have; did you mean `spi1`?
        `check.stimulus.adc` names `19`, which the chip does not have; did you mean `10`?
        `check.uses` names `TIM99`, which the chip does not have; did you mean `TIM9`?
        `check.uses` names `SysTick`, which the chip does not have; the core's own are not counted; `check.interrupts` tells what they did
        `check.resets` names `watchdog`, which the chip does not have; one of iwdg, wwdg, software, standby
        `check.baud.usart7` goes from 2.0 to 1.0: the least comes first
        `check.symbols.n.words[1]` goes from 4 to 3: the least comes first
        ");
    }
}
