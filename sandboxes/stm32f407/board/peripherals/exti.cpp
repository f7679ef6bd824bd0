// EXTI, and SYSCFG, which selects the ports (RM0090 chapter 9).
#include "exti.hpp"

#include <iterator>

#include "../core/core.hpp"

namespace board {
namespace {

enum : std::uint32_t { IMR = 0x00, EMR = 0x04, RTSR = 0x08, FTSR = 0x0C, SWIER = 0x10, PR = 0x14 };

struct Vector {
  const char *name;
  std::uint32_t lines;
};
constexpr Vector vectors[] = {{"EXTI0", 1 << 0}, {"EXTI1", 1 << 1}, {"EXTI2", 1 << 2}, {"EXTI3", 1 << 3}, {"EXTI4", 1 << 4},
    {"EXTI9_5", 0x3E0}, {"EXTI15_10", 0xFC00}, {"PVD", 1 << 16}, {"RTC_Alarm", 1 << 17},
    {"OTG_FS_WKUP", 1 << 18}, {"ETH_WKUP", 1 << 19}, {"OTG_HS_WKUP", 1 << 20},
    {"TAMP_STAMP", 1 << 21}, {"RTC_WKUP", 1 << 22}};

class Syscfg : public Peripheral {
 public:
  using Peripheral::Peripheral;

  void write(std::uint32_t offset, std::uint32_t data) override {
    store(offset, data);
    if (offset != 0x00) return;
    const std::uint32_t mode = data & 3;  // MEMRMP (9.2.1)
    if (mode == 1 || mode == 2) unsupported("MEMRMP: system memory or FSMC at address 0");
    else board.core().cpu.alias_zero_to_sram(mode == 3);
  }

  /// The port (0 for A) whose pin drives an EXTI line.
  unsigned port_of(unsigned line) const { return value(0x08 + line / 4 * 4) >> line % 4 * 4 & 15; }
};

std::string lines_of(std::uint32_t lines) {
  int first = 0, last = 31;
  while ((lines >> first & 1) == 0) ++first;
  while ((lines >> last & 1) == 0) --last;
  return "MR" + std::to_string(first) + (first == last ? "" : " to MR" + std::to_string(last));
}

}  // namespace

Exti::Exti(Board &b, const PeripheralInfo &info) : Peripheral(b, info) {
  static_assert(std::size(vectors) == vector_count);
  for (std::size_t i = 0; i < std::size(vectors); ++i) numbers_[i] = Board::irq(vectors[i].name);
  b.pins.observe_all([this](Pin pin, bool level) { edge(pin, level); });
}

void Exti::reset() {
  Peripheral::reset();
  update();
}

void Exti::write(std::uint32_t offset, std::uint32_t data) {
  if (offset == IMR) ever_unmasked_ |= data;
  if (offset == PR) {
    clear_bits(PR, data);
    clear_bits(SWIER, data);  // 12.3.5: cleared with the pending bit
  } else if (offset == SWIER) {
    const std::uint32_t risen = data & ~value(SWIER) & 0x7FFFFF;
    set_bits(SWIER, data & info().at(SWIER)->writable);
    trigger(risen);
  } else {
    store(offset, data);
  }
  update();
}

void Exti::note(const char *kind, const std::string &vector, const std::string &text, std::uint32_t offset) {
  Finding note;
  note.kind = kind;
  note.severity = Severity::note;
  note.text = vector + text;
  note.peripheral = name(), note.register_name = info().at(offset)->name, note.address = info().base + offset;
  board.findings.add_at(first_write, std::move(note));
}

/// A vector that is enabled in the NVIC, none of whose lines was ever let through, is never called: a note. So is one whose
/// line was let through, but whose edge was not chosen when it came.
void Exti::report(nlohmann::json &) {
  for (std::size_t i = 0; i < std::size(vectors); ++i) {
    const int number = numbers_[i] + exception::first_interrupt;
    const bool taken = board.core().interrupts.count(number) != 0;  // software pended it in the NVIC
    if (!board.core().nvic.ever_enabled(number) || taken) continue;
    if ((ever_unmasked_ & vectors[i].lines) == 0)
      note("interrupt_masked", vectors[i].name,
           " was enabled in the NVIC, but none of its EXTI lines in EXTI_IMR (" + lines_of(vectors[i].lines) +
               "): they request nothing (RM0090 12.2.5, 12.3.1)",
           IMR);
    else if ((missed_ & vectors[i].lines) != 0)
      note("interrupt_masked", vectors[i].name,
           " was enabled in the NVIC and in EXTI_IMR, and its line rose, but the rising edge is not chosen in EXTI_RTSR: the line requests "
           "nothing (RM0090 12.2.4, 12.3.3)",
           RTSR);
  }
}

void Exti::edge(Pin pin, bool level) {
  const unsigned line = static_cast<unsigned>(pin % 16);
  const auto *syscfg = board.find<Syscfg>("SYSCFG");
  if (!syscfg || syscfg->port_of(line) != static_cast<unsigned>(pin / 16)) return;
  if (board.pins.settings(pin).mode == PinMode::analog) return;  // the Schmitt trigger is off (8.3.12)
  if ((value(level ? RTSR : FTSR) >> line & 1) == 0) return;
  trigger(1u << line);
  update();
}

void Exti::drive(unsigned line, bool level) {
  const std::uint32_t bit = 1u << line;
  if (((levels_ & bit) != 0) == level) return;
  levels_ ^= bit;
  if ((value(level ? RTSR : FTSR) & bit) == 0) {
    if (level) missed_ |= bit;
    return;
  }
  trigger(bit);
  update();
}

void Exti::trigger(std::uint32_t lines) {
  set_bits(PR, lines & value(IMR));
  if ((lines & value(EMR)) != 0) board.core().cpu.event = board.core().nvic.event = true;
}

void Exti::update() {
  const std::uint32_t active = value(PR) & value(IMR);
  for (std::size_t i = 0; i < std::size(vectors); ++i) interrupt(numbers_[i], (active & vectors[i].lines) != 0);
}

std::unique_ptr<Peripheral> make_exti(Board &board, const PeripheralInfo &info) { return std::make_unique<Exti>(board, info); }
std::unique_ptr<Peripheral> make_syscfg(Board &board, const PeripheralInfo &info) { return std::make_unique<Syscfg>(board, info); }

}  // namespace board
