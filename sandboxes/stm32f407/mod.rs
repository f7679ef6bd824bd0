//! The `stm32f407` sandbox: the compiler for Arm's Cortex-M with startup code and headers of ours, and the board, a strict
//! emulation of the chip that runs firmware where there is neither a chip nor Renode.
//!
//! `/usr/local/lib/firmware/build-firmware OUT.elf FILE…` builds; `board PLAN.json` runs what was built and prints one
//! object. Both say at their tops what they take and give.

use crate::canary::{Canary, Expect};
use crate::job::Limits;
use crate::table::SandboxSpec;

/// Names of files beside this one, and their texts.
macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!($name))),*]
    };
}

/// What the chip has: peripherals, interrupts, registers and their fields. The table that the board is built with; its head
/// says how to read it.
pub const REGISTERS: &str = include_str!("board/registers.inc");

/// One line of [`crate::table`].
pub(crate) const SPEC: SandboxSpec = SandboxSpec {
    name: "stm32f407",
    base: None,
    install: include_str!("install.sh"),
    dockerfile: include_str!("Dockerfile"),
    lock: include_str!("packages.lock"),
    files: files![
        "NOTICE.md",
        "requirements.lock",
        "board/Makefile",
        "board/core/accesses.cpp",
        "board/core/board.cpp",
        "board/core/board.hpp",
        "board/core/clocks.hpp",
        "board/core/core.cpp",
        "board/core/core.hpp",
        "board/core/cpu.cpp",
        "board/core/cpu.hpp",
        "board/core/cpu_accesses.cpp",
        "board/core/dma_request.hpp",
        "board/core/exceptions.cpp",
        "board/core/exceptions.hpp",
        "board/core/findings.cpp",
        "board/core/findings.hpp",
        "board/core/image.cpp",
        "board/core/image.hpp",
        "board/core/lines.cpp",
        "board/core/lines.hpp",
        "board/core/memory_faults.cpp",
        "board/core/mpu.cpp",
        "board/core/mpu.hpp",
        "board/core/nvic.cpp",
        "board/core/nvic.hpp",
        "board/core/peripheral.cpp",
        "board/core/pins.cpp",
        "board/core/pins.hpp",
        "board/core/polling.cpp",
        "board/core/polling.hpp",
        "board/core/remarks.cpp",
        "board/core/report.cpp",
        "board/core/stack.cpp",
        "board/core/stack.hpp",
        "board/core/system_control.cpp",
        "board/core/system_control.hpp",
        "board/core/systick.cpp",
        "board/core/tables.cpp",
        "board/core/tables.hpp",
        "board/core/thumb.hpp",
        "board/core/time.cpp",
        "board/core/time.hpp",
        "board/dma.inc",
        "board/main.cpp",
        "board/peripheral.hpp",
        "board/peripherals/adc.cpp",
        "board/peripherals/adc.hpp",
        "board/peripherals/backup_sram.cpp",
        "board/peripherals/can.cpp",
        "board/peripherals/can.hpp",
        "board/peripherals/can_bus.cpp",
        "board/peripherals/can_filters.cpp",
        "board/peripherals/can_frame.cpp",
        "board/peripherals/can_frame.hpp",
        "board/peripherals/clock_output.cpp",
        "board/peripherals/clock_output.hpp",
        "board/peripherals/dac.cpp",
        "board/peripherals/dcmi.cpp",
        "board/peripherals/dma.cpp",
        "board/peripherals/dma.hpp",
        "board/peripherals/dma_remarks.cpp",
        "board/peripherals/exti.cpp",
        "board/peripherals/exti.hpp",
        "board/peripherals/external_device.cpp",
        "board/peripherals/external_device.hpp",
        "board/peripherals/flash.cpp",
        "board/peripherals/flash.hpp",
        "board/peripherals/fsmc.cpp",
        "board/peripherals/fsmc.hpp",
        "board/peripherals/gpio.cpp",
        "board/peripherals/hex.hpp",
        "board/peripherals/i2c.cpp",
        "board/peripherals/i2c.hpp",
        "board/peripherals/i2c_checks.cpp",
        "board/peripherals/i2c_device.cpp",
        "board/peripherals/i2s.cpp",
        "board/peripherals/i2s.hpp",
        "board/peripherals/pwr.cpp",
        "board/peripherals/pwr.hpp",
        "board/peripherals/rcc.cpp",
        "board/peripherals/rcc.hpp",
        "board/peripherals/rtc.cpp",
        "board/peripherals/rtc.hpp",
        "board/peripherals/rtc_alarms.cpp",
        "board/peripherals/rtc_calendar.cpp",
        "board/peripherals/rtc_calendar.hpp",
        "board/peripherals/sd_card.cpp",
        "board/peripherals/sd_card.hpp",
        "board/peripherals/sdio.cpp",
        "board/peripherals/sdio.hpp",
        "board/peripherals/sdio_bits.hpp",
        "board/peripherals/sdio_data.cpp",
        "board/peripherals/small.cpp",
        "board/peripherals/spi.cpp",
        "board/peripherals/spi.hpp",
        "board/peripherals/spi_device.cpp",
        "board/peripherals/table.cpp",
        "board/peripherals/timer.cpp",
        "board/peripherals/timer.hpp",
        "board/peripherals/timer_channels.cpp",
        "board/peripherals/timer_counter.cpp",
        "board/peripherals/timer_counter.hpp",
        "board/peripherals/timer_slave.cpp",
        "board/peripherals/usart.cpp",
        "board/peripherals/usart.hpp",
        "board/peripherals/watchdogs.cpp",
        "board/pins.inc",
        "board/registers.inc",
        "firmware/build-firmware",
        "firmware/include/cmsis_compiler.h",
        "firmware/include/cmsis_gcc.h",
        "firmware/include/core_cm4.h",
        "firmware/include/core_cm4_bits.h",
        "firmware/include/core_cm4_simd.h",
        "firmware/include/core_cmFunc.h",
        "firmware/include/core_cmInstr.h",
        "firmware/include/mpu_armv7.h",
        "firmware/include/stm32f407xx.h",
        "firmware/include/stm32f4xx.h",
        "firmware/include/stm32f4xx_family.h",
        "firmware/include/system_stm32f4xx.h",
        "firmware/retarget.c",
        "firmware/startup.c",
        "firmware/stm32f407.ld",
        "firmware/system.c",
        "firmware/vendor.sh",
    ],
    tools: &[
        ("arm-none-eabi-gcc", &["arm-none-eabi-gcc", "--version"]),
        ("board", &["board", "--version"]),
    ],
    preload: &[],
    apart: None,
    served: None,
    gpu: false,
    canaries,
};

/// Says by its port whether the lamp that it has lit is on.
pub(crate) const CANARY: &str = "\
#include \"stm32f4xx.h\"
static void say(const char *text) {
  for (; *text; text++) {
    while (!(USART2->SR & USART_SR_TXE)) { }
    USART2->DR = (unsigned char)*text;
  }
}
int main(void) {
  RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIODEN;
  RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
  (void)RCC->APB1ENR;
  GPIOD->MODER |= 1u << 24;
  GPIOD->BSRR = 1u << 12;
  GPIOA->MODER |= 2u << 4;
  GPIOA->AFR[0] |= 7u << 8;
  USART2->BRR = 139;
  USART2->CR1 = USART_CR1_UE | USART_CR1_TE;
  say(GPIOD->ODR & (1u << 12) ? \"CANARY PASS\\n\" : \"CANARY FAIL\\n\");
  while (!(USART2->SR & USART_SR_TC)) { }
  for (;;) __WFI();
}
";
const PLAN: &str = "{\"elf\": \"/job/canary.elf\", \"run_ms\": 10}\n";
/// What the port sent, and what the board holds against the firmware.
const TELL: &str = "\
board in/plan.json >report.json || exit 1
grep -o 'CANARY [A-Z]*' report.json
grep -q '\"findings\": *\\[\\]' report.json || echo \"CANARY MISUSE\"";

/// One that passes, one with a wrong result, one whose port has no clock, one that does not compile, one that writes its
/// result where no port is.
fn canaries() -> Vec<Canary> {
    let names = [
        "stm32f407_good",
        "stm32f407_bad",
        "stm32f407_misuse",
        "stm32f407_broken",
        "stm32f407_cheat",
    ];
    canaries_in("stm32f407", names)
}

/// The same in another sandbox that has a board.
pub(crate) fn canaries_in(sandbox: &str, names: [&'static str; 5]) -> Vec<Canary> {
    let build = [
        "/usr/local/lib/firmware/build-firmware",
        "/job/canary.elf",
        "in/canary.c",
    ];
    let run = |name, program: &str, expect| {
        let files = [("canary.c", program), ("plan.json", PLAN)];
        let steps: [(&str, &[&str]); 2] = [("compile", &build), ("run", &["sh", "-c", TELL])];
        let mut canary = Canary::new(name, sandbox, &files, &steps, expect);
        canary.job.limits = Limits {
            memory_bytes: 1 << 30,
            ..Limits::default()
        };
        canary
    };
    let wrong = CANARY.replace("GPIOD->BSRR = 1u << 12", "GPIOD->BSRR = 1u << 28");
    let dark = CANARY.replace("RCC->APB1ENR |= RCC_APB1ENR_USART2EN;", "");
    let broken = CANARY.replace("int main(void) {", "int main(void)");
    let mute = CANARY.replace("USART_CR1_UE | USART_CR1_TE", "USART_CR1_UE");
    vec![
        run(names[0], CANARY, Expect::Passes("CANARY PASS")),
        run(names[1], &wrong, Expect::Passes("CANARY FAIL")),
        run(names[2], &dark, Expect::Passes("CANARY MISUSE")),
        run(names[3], &broken, Expect::FailsAt("compile")),
        run(names[4], &mute, Expect::Passes("CANARY MISUSE")),
    ]
}
