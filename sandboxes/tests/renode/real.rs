//! The same suite against the `renode` on the `PATH`, with firmwares that the image `stm32f407` builds. It runs outside of
//! any sandbox, as whoever tests; the firmwares are our own.

use std::fs;
use std::io;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sandboxes::renode::drive::{self, Outcome};
use sandboxes::renode::monitor::{Link, Monitor};
use sandboxes::renode::plan::{Known, Plan};
use sandboxes::{Namespaces, Runtime, Status};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common;

const PATIENCE: Duration = Duration::from_secs(60);

/// Dropped, it ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Renode in a folder of its own.
struct Local {
    _process: Process,
    folder: TempDir,
    monitor: TcpStream,
}

impl Local {
    async fn start() -> Local {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut command = Command::new("renode");
        command
            .args(["--disable-xwt", "--plain", "-P", &port.to_string(), "--config"])
            .arg(folder.path().join("config"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = Process(command.spawn().expect("`renode` on the PATH"));
        for _ in 0..600 {
            if let Ok(monitor) = TcpStream::connect(("127.0.0.1", port)).await {
                return Local {
                    _process: process,
                    folder,
                    monitor,
                };
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("Renode did not listen within a minute");
    }
}

impl Link for Local {
    fn folder(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.monitor.write_all(format!("{line}\n").as_bytes()).await
    }

    async fn hear(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(4096);
        self.monitor.read_buf(&mut bytes).await?;
        Ok(bytes)
    }

    async fn put(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        fs::write(self.folder.path().join(name), content)
    }

    async fn get(&mut self, name: &str, from: u64) -> io::Result<Vec<u8>> {
        let content = fs::read(self.folder.path().join(name)).unwrap_or_default();
        Ok(content.get(from as usize..).unwrap_or_default().to_vec())
    }
}

/// Builds a firmware as jobs do, and brings it out.
async fn built(runtime: &Namespaces, source: &str) -> Vec<u8> {
    let build = ["/usr/local/lib/firmware/build-firmware", "/job/fw.elf", "in/main.c"];
    let tell = ["od", "-An", "-v", "-tx1", "/job/fw.elf"];
    let steps = vec![
        common::step("build", &build, Default::default()),
        common::step("tell", &tell, Default::default()),
    ];
    let mut job = common::job(&[("main.c", source)], steps);
    job.sandbox = "stm32f407".into();
    let completion = runtime.run(&job).await.unwrap();
    assert_eq!(
        completion.steps[1].status,
        Status::Exit(0),
        "{}",
        common::log(&completion, 0)
    );
    let digits = common::log(&completion, 1);
    digits
        .split_whitespace()
        .map(|two| u8::from_str_radix(two, 16).unwrap())
        .collect()
}

/// A program that says what it does by USART2, with `more` at file level and `body` in `main`.
fn program(more: &str, body: &str) -> String {
    format!(
        "#include \"stm32f4xx.h\"\n\
         static void say(const char *t) {{ for (; *t; t++) {{ while (!(USART2->SR & USART_SR_TXE)) {{ }} USART2->DR = (unsigned char)*t; }} }}\n\
         volatile unsigned ticks;\nvoid SysTick_Handler(void) {{ ticks++; }}\n{more}\n\
         int main(void) {{\n\
         RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIODEN; RCC->APB1ENR |= RCC_APB1ENR_USART2EN; (void)RCC->APB1ENR;\n\
         GPIOD->MODER |= 1u << 24; GPIOA->MODER |= (2u << 4) | (2u << 6); GPIOA->AFR[0] |= (7u << 8) | (7u << 12);\n\
         USART2->BRR = 139; USART2->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;\n{body}\n}}\n"
    )
}

async fn run(renode: &mut Monitor<Local>, name: &str, elf: &[u8], plan: Value) -> Outcome {
    let plan: Plan = serde_json::from_value(plan).unwrap();
    let known: Known =
        serde_json::from_value(json!({"clock": {"hclk": 16_000_000}, "uart": {"usart2": {"baud": 115_200}}})).unwrap();
    drive::run(renode, name, elf, &plan, &known).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a `renode` on the PATH"]
async fn a_real_renode_does_what_the_recorded_one_did() {
    let runtime = common::open(1);
    let mut renode = Monitor::open(Local::start().await, PATIENCE).await.unwrap();
    assert!(renode.version().starts_with("Renode, version"), "{}", renode.version());
    let hello = built(
        &runtime,
        &program(
            "",
            "SysTick_Config(16000); GPIOD->BSRR = 1u << 12; say(\"boot\\n\"); for (;;) __WFI();",
        ),
    )
    .await;
    let asks = || json!({"run_ms": 100, "ports": ["usart2"], "gpio": ["D"]});
    for name in ["job1", "job2"] {
        let outcome = run(&mut renode, name, &hello, asks()).await;
        let report = &outcome.report;
        assert!(outcome.clean);
        assert_eq!(
            (&report["ended"], &report["virtual_ms"], &report["faults"]),
            (&json!("time"), &json!(100.0), &json!([])),
            "{report:#}"
        );
        assert_eq!(
            (&report["uart"]["usart2"]["text"], &report["pins"]["D12"]["level"]),
            (&json!("boot\n"), &json!(1)),
            "{report:#}"
        );
    }
    // What comes in: bytes at its port, a level at a pin.
    let echo = program(
        "",
        "for (;;) { if (USART2->SR & USART_SR_RXNE) { char c[2] = {(char)USART2->DR, 0}; say(c); } if (GPIOA->IDR & 1) { say(\"!\"); break; } } for (;;) __WFI();",
    );
    let mut plan = asks();
    plan["uart"] = json!({"usart2": [{"at_ms": 10, "text": "hey"}]});
    plan["pins"] = json!([{"at_ms": 50, "pin": "A0", "level": 1}]);
    let outcome = run(&mut renode, "job3", &built(&runtime, &echo).await, plan).await;
    assert_eq!(outcome.report["uart"]["usart2"]["text"], "hey!", "{:#}", outcome.report);
    // When its lamp changes: every 10 ms by SysTick.
    let blink = program(
        "",
        "SysTick_Config(16000); for (;;) { if (ticks >= 10) { ticks = 0; GPIOD->ODR ^= 1u << 12; } __WFI(); }",
    );
    let mut plan = asks();
    plan["times"] = true.into();
    let outcome = run(&mut renode, "times", &built(&runtime, &blink).await, plan).await;
    let edges = outcome.report["pins"]["D12"]["edges"].as_array().unwrap();
    assert!((8..=10).contains(&edges.len()), "{:#}", outcome.report);
    for pair in edges.windows(2) {
        let gap = pair[1][0].as_f64().unwrap() - pair[0][0].as_f64().unwrap();
        assert!((gap - 10.0).abs() < 0.2, "{:#}", outcome.report);
    }
    // Faults, each where Renode keeps it.
    for (name, body, kind) in [
        ("job4", "__asm volatile(\"udf #0\"); for (;;) { }", "fault"),
        (
            "job5",
            "*(volatile unsigned *)0x90000000u = 1; for (;;) __WFI();",
            "bus_fault",
        ),
    ] {
        let outcome = run(&mut renode, name, &built(&runtime, &program("", body)).await, asks()).await;
        assert!(outcome.clean);
        assert_eq!(outcome.report["faults"][0]["kind"], kind, "{:#}", outcome.report);
    }
    let jump = program("", "((void (*)(void))0x70000001u)(); for (;;) { }");
    let outcome = run(&mut renode, "job6", &built(&runtime, &jump).await, asks()).await;
    assert_eq!(
        (outcome.clean, &outcome.report["faults"][0]["kind"]),
        (false, &json!("cpu_abort")),
        "{:#}",
        outcome.report
    );
}
