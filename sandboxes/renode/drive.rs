//! Runs one firmware on a Renode that is already there, and tells what came of it in the words of the board's report
//! (`sandboxes/stm32f407/board/core/report.cpp`), as far as Renode can tell.
//!
//! A job costs a tenth of what starting a Renode does, so one Renode runs many. Each job gets a machine and files under a
//! name of its own (an existing file would be renamed), settings that `Clear` takes back are made anew, and a Renode whose
//! state is in any doubt afterwards is not used again ([`Outcome::clean`]).

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::log::Told;
use super::monitor::{Link, Monitor, NO_MACHINE, Trouble};
use super::plan::{Act, Known, Level, Place, Plan, acts, nanoseconds, seconds};
use super::{times, values};

/// The platform, in the server's folder.
const PLATFORM_FILE: &str = "board.repl";
/// What writes down when pins change and bytes are sent.
const RECORDER: &str = include_str!("record.py");
const RECORDER_FILE: &str = "record.py";
/// How long an ordinary command may take: some load code the first time, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the log is looked at while a firmware runs, in case the core has given up.
const LOOK: Duration = Duration::from_millis(200);
/// How long after that it may still answer.
const GRACE: Duration = Duration::from_millis(500);
/// Longest that one second of the chip's time may take.
const SLOWEST: u32 = 60;
/// System control block (PM0214 4.4): configurable and hard fault status.
const CFSR: u32 = 0xE000_ED28;
const HFSR: u32 = 0xE000_ED2C;
/// Exceptions 3 to 6 are faults.
const FAULTS: std::ops::RangeInclusive<u32> = 3..=6;
/// Addresses that on the chip belong to a peripheral or the core's own registers, whether or not Renode has it.
const PERIPHERALS: [std::ops::RangeInclusive<u32>; 2] = [0x4000_0000..=0x5FFF_FFFF, 0xE000_0000..=0xE00F_FFFF];
/// Most bytes of one symbol that are read.
const SYMBOL_BYTES: u64 = 256;

/// What came of a firmware.
#[derive(Debug)]
pub struct Outcome {
    pub report: Value,
    /// Whether the Renode is as it was, and may be used again.
    pub clean: bool,
}

/// Runs `firmware`, as machine `name`: `[a-z0-9]+`, and not used before.
pub async fn run<L: Link>(
    monitor: &mut Monitor<L>,
    name: &str,
    firmware: &[u8],
    plan: &Plan,
    known: &Known,
) -> Result<Outcome, Trouble> {
    let mut job = Job {
        monitor,
        name,
        plan,
        told: Told::default(),
        log_read: 0,
        partial: Vec::new(),
        records: false,
        waited: Duration::ZERO,
    };
    let begun = Instant::now();
    job.load(firmware, known).await?;
    let stuck = job.events(known).await?;
    let mut report = match stuck {
        true => job.stuck().await?,
        false => job.state(known).await?,
    };
    if !stuck {
        job.monitor.expect_prompt(NO_MACHINE);
        job.ask("Clear").await?;
    }
    let (waited, all) = (job.waited.as_secs_f64() * 1e3, begun.elapsed().as_secs_f64() * 1e3);
    report["renode"]["waited_ms"] = waited.into();
    report["renode"]["own_ms"] = (all - waited).max(0.0).into();
    Ok(Outcome { report, clean: !stuck })
}

struct Job<'a, L> {
    monitor: &'a mut Monitor<L>,
    name: &'a str,
    plan: &'a Plan,
    told: Told,
    /// Bytes of the log that were read, and the line among them that had not ended.
    log_read: u64,
    partial: Vec<u8>,
    /// Whether times are written down.
    records: bool,
    /// Time in which Renode was at work.
    waited: Duration,
}

impl<L: Link> Job<'_, L> {
    async fn ask(&mut self, command: &str) -> Result<String, Trouble> {
        let begun = Instant::now();
        let said = self.monitor.ask(command, PATIENCE).await;
        self.waited += begun.elapsed();
        said
    }

    fn file(&self, kind: &str) -> String {
        format!("{}.{kind}", self.name)
    }

    /// A machine of its own with the firmware in it.
    async fn load(&mut self, firmware: &[u8], known: &Known) -> Result<(), Trouble> {
        let (name, file, folder) = (self.name, self.file("elf"), self.monitor.folder().to_string());
        self.monitor.link().put(&file, firmware).await?;
        let platform = known.clock.platform();
        self.monitor.link().put(PLATFORM_FILE, platform.as_bytes()).await?;
        self.monitor.expect_prompt(name);
        self.ask(&format!("mach create \"{name}\"")).await?;
        self.ask(&format!("machine LoadPlatformDescription @{folder}/{PLATFORM_FILE}"))
            .await?;
        for port in &self.plan.ports {
            let file = self.file(port);
            self.ask(&format!("sysbus.{port} CreateFileBackend @{folder}/{file} true"))
                .await?;
        }
        self.ask(&format!("logFile @{folder}/{name}.log true")).await?;
        self.ask(&format!("sysbus LoadELF @{folder}/{name}.elf")).await?;
        // Otherwise it waits for the time of people; `Clear` takes it back.
        self.ask("emulation SetGlobalAdvanceImmediately true").await?;
        if self.plan.times {
            self.record(&folder).await?;
        }
        Ok(())
    }

    /// Has times written down. Where this Renode cannot, they are not told, and all else is.
    async fn record(&mut self, folder: &str) -> Result<(), Trouble> {
        if self.monitor.can_record.is_none() {
            self.monitor.link().put(RECORDER_FILE, RECORDER.as_bytes()).await?;
            let included = self.ask(&format!("include @{folder}/{RECORDER_FILE}")).await;
            self.monitor.can_record = Some(done(included)?);
        }
        if self.monitor.can_record == Some(true) {
            let pins: Vec<String> = self.plan.gpio.iter().map(|port| format!("gpioPort{port}")).collect();
            let (file, pins, ports) = (self.file("rec"), pins.join(" "), self.plan.ports.join(" "));
            let started = self
                .ask(&format!("rec_start \"{folder}/{file}\" \"{pins}\" \"{ports}\""))
                .await;
            self.records = done(started)?;
        }
        Ok(())
    }

    /// Adds the times that were written down to a report.
    async fn add_times(&mut self, report: &mut Value) -> Result<(), Trouble> {
        if self.records {
            self.ask("rec_stop").await?;
            let file = self.file("rec");
            let text = self.monitor.link().get(&file, 0).await?;
            times::add(report, &String::from_utf8_lossy(&text));
        }
        Ok(())
    }

    /// Lets the time pass, and what has to happen happen. True if the core gave up, and the monitor with it.
    async fn events(&mut self, known: &Known) -> Result<bool, Trouble> {
        let plan = self.plan;
        let mut now = 0;
        for (at, act) in acts(plan, known) {
            if at > now {
                if self.run_for(at - now).await? {
                    return Ok(true);
                }
                now = at;
            }
            match act {
                Act::Byte(port, byte) => self.ask(&format!("sysbus.{port} WriteChar {byte:#04x}")).await?,
                Act::Level(Level { pin, level, .. }) => {
                    let (port, number) = pin.split_at(1);
                    self.ask(&format!("sysbus.gpioPort{port} OnGPIO {number} {}", *level == 1))
                        .await?
                }
            };
        }
        let end = nanoseconds(plan.run_ms);
        if end > now {
            self.run_for(end - now).await
        } else {
            Ok(false)
        }
    }

    /// Runs for exactly this many nanoseconds of the chip's time. True if the core gave up: then Renode does not come back
    /// from this command, which only its log shows.
    async fn run_for(&mut self, nanoseconds: u64) -> Result<bool, Trouble> {
        let command = format!("emulation RunFor \"{}\"", seconds(nanoseconds));
        let patience = PATIENCE + Duration::from_nanos(nanoseconds) * SLOWEST;
        let begun = Instant::now();
        self.monitor.send(&command).await?;
        let gave_up = loop {
            if self.monitor.reply(&command, LOOK).await?.is_some() {
                break false;
            }
            self.read_log().await?;
            if self.told.abort.is_some() {
                break self.monitor.reply(&command, GRACE).await?.is_none();
            }
            if begun.elapsed() > patience {
                let seconds = patience.as_secs();
                return Err(Trouble::Silent { command, seconds });
            }
        };
        self.waited += begun.elapsed();
        Ok(gave_up)
    }

    async fn read_log(&mut self) -> Result<(), Trouble> {
        let file = self.file("log");
        let bytes = self.monitor.link().get(&file, self.log_read).await?;
        self.log_read += bytes.len() as u64;
        self.partial.extend(bytes);
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            self.told.add(String::from_utf8_lossy(&line).trim_end());
        }
        Ok(())
    }

    /// What the ports have sent.
    async fn sent(&mut self) -> Result<Value, Trouble> {
        let mut all = serde_json::Map::new();
        for port in &self.plan.ports {
            let file = self.file(port);
            let bytes = self.monitor.link().get(&file, 0).await?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            all.insert(port.clone(), json!({"text": text, "bytes": bytes.len()}));
        }
        Ok(all.into())
    }

    /// What can be told of a firmware whose core gave up.
    async fn stuck(&mut self) -> Result<Value, Trouble> {
        let abort = self.told.abort.clone().map(|abort| {
            json!({"kind": "cpu_abort", "severity": "error", "text": abort.why, "pc": abort.pc, "address": abort.pc, "count": 1})
        });
        let mut report = self.told_by_log();
        if let (Some(abort), Some(faults)) = (abort, report["faults"].as_array_mut()) {
            faults.insert(0, abort);
        }
        report["ended"] = "fault".into();
        report["uart"] = self.sent().await?;
        Ok(report)
    }

    /// The chip's state at the end.
    async fn state(&mut self, known: &Known) -> Result<Value, Trouble> {
        let virtual_ms = values::virtual_ms(&self.ask("machine ElapsedVirtualTime").await?)?;
        let pc = self.word("sysbus.cpu PC").await?;
        let exception = self.word("sysbus.cpu CPSR").await? & 0x1FF;
        let sp = self.word("sysbus.cpu GetRegister 13").await?;
        let instructions = values::number(&self.ask("sysbus.cpu ExecutedInstructions").await?)?;
        let (cfsr, hfsr) = (self.read(CFSR).await?, self.read(HFSR).await?);
        let mut pins = serde_json::Map::new();
        for port in &self.plan.gpio {
            let said = self.ask(&format!("sysbus.gpioPort{port} GetGPIOs")).await?;
            for (number, level) in values::pins(&said)? {
                pins.insert(format!("{port}{number}"), json!({"level": u8::from(level)}));
            }
        }
        let mut memory = serde_json::Map::new();
        for address in &self.plan.memory {
            memory.insert(format!("{address:#010x}"), self.read(*address).await?.into());
        }
        let mut symbols = serde_json::Map::new();
        for (name, place) in &known.symbols {
            let value = match place {
                Some(place) => self.symbol(place).await?,
                None => Value::Null,
            };
            symbols.insert(name.clone(), value);
        }
        self.read_log().await?;
        let mut report = self.told_by_log();
        let in_fault = FAULTS.contains(&exception);
        // Both registers keep what happened until they are written.
        if (in_fault || cfsr != 0 || hfsr != 0)
            && let Some(faults) = report["faults"].as_array_mut()
        {
            let text = format!("CFSR {cfsr:#010x}, HFSR {hfsr:#010x}, exception {exception}");
            let fault =
                json!({"kind": "fault", "severity": "error", "text": text, "pc": pc, "count": 1, "at_ms": virtual_ms});
            faults.insert(0, fault);
        }
        report["ended"] = if in_fault { "fault" } else { "time" }.into();
        report["virtual_ms"] = virtual_ms.into();
        report["instructions"] = instructions.into();
        report["uart"] = self.sent().await?;
        report["pins"] = pins.into();
        report["memory"] = memory.into();
        report["symbols"] = symbols.into();
        report["renode"]["pc"] = format!("{pc:#010x}").into();
        report["renode"]["sp"] = format!("{sp:#010x}").into();
        self.add_times(&mut report).await?;
        Ok(report)
    }

    async fn word(&mut self, command: &str) -> Result<u32, Trouble> {
        let said = self.ask(command).await?;
        let number = values::number(&said)?;
        u32::try_from(number).map_err(|_| values::odd(&said))
    }

    async fn read(&mut self, address: u32) -> Result<u32, Trouble> {
        self.word(&format!("sysbus ReadDoubleWord {address:#010X}").replace("0X", "0x"))
            .await
    }

    async fn symbol(&mut self, place: &Place) -> Result<Value, Trouble> {
        let size = place.size.clamp(1, SYMBOL_BYTES);
        let said = self
            .ask(&format!("sysbus ReadBytes {:#010x} {size}", place.address))
            .await?;
        let digits: String = values::bytes(&said)?.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(json!({"address": place.address, "size": place.size, "hex": digits}))
    }

    /// Faults and gaps that only the log shows. An access to where the chip has nothing is a bus fault there, and no more
    /// than a warning here; one to where the chip has a peripheral that Renode lacks says nothing of the firmware.
    fn told_by_log(&self) -> Value {
        let lacking = |address: &u32| PERIPHERALS.iter().any(|range| range.contains(address));
        let (gaps, strays): (Vec<_>, Vec<_>) = self.told.strays.iter().partition(|stray| lacking(&stray.address));
        let faults: Vec<Value> = strays
            .iter()
            .map(|stray| {
                let text = format!("{} at {:#010x}, where the chip has nothing", stray.access, stray.address);
                json!({"kind": "bus_fault", "severity": "error", "text": text, "pc": stray.pc, "address": stray.address, "count": 1})
            })
            .collect();
        let gaps: Vec<String> = gaps
            .iter()
            .map(|stray| format!("{} at {:#010x}", stray.access, stray.address))
            .collect();
        json!({
            "faults": faults, "unsupported": gaps,
            "renode": {"version": self.monitor.version(), "remarks": self.told.remarks},
        })
    }
}

/// Whether Renode did what it was asked.
fn done(said: Result<String, Trouble>) -> Result<bool, Trouble> {
    match said {
        Ok(_) => Ok(true),
        Err(Trouble::Refused { .. }) => Ok(false),
        Err(other) => Err(other),
    }
}
