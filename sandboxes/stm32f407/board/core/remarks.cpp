// What is told at the end of a run because nothing came of it.
#include "core.hpp"
#include "peripheral.hpp"

namespace board {
using namespace exception;

/// A unit asks for an interrupt that the firmware has never enabled in the NVIC. A firmware that polls the flag, or that wakes
/// by SEVONPEND, means it so: a note.
void Board::Core::remark_interrupts() {
  if (nvic.event_on_pend) return;
  for (const auto &[irq, sources] : line_sources) {
    const int number = irq + first_interrupt;
    if (sources.empty() || nvic.ever_enabled(number)) continue;
    for (const auto &[name, peripheral] : peripherals) {
      if (sources.count(peripheral.get()) == 0) continue;
      const std::string vector = interrupt_name(irq);
      Finding note;
      note.kind = "interrupt_not_enabled";
      note.severity = Severity::note;
      note.text = name + " asks for the interrupt " + vector + " (a flag and its enable bit are set), but it was never enabled in the NVIC: " +
                  vector + "_IRQHandler is not called without NVIC_EnableIRQ(" + vector + "_IRQn) (RM0090 12.1; PM0214 4.3.2)";
      note.peripheral = name;
      board.findings.add_at(peripheral->first_write, std::move(note));
    }
  }
}

}  // namespace board
