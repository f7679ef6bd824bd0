// The run: reset, steps between events, sleep, the skipping of polling loops.
#include "core.hpp"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "peripheral.hpp"
#include "peripherals/exti.hpp"
#include "peripherals/pwr.hpp"
#include "peripherals/rcc.hpp"
#include "peripherals/rtc.hpp"

namespace board {
using namespace exception;
namespace {

constexpr std::uint32_t flash_base = 0x08000000;
constexpr std::ptrdiff_t most_resets = 16;
constexpr std::size_t most_awakenings = 200;
constexpr double longest_run_ms = 600'000;

double number_in(const nlohmann::json &plan, const char *key, double otherwise) {
  const auto found = plan.find(key);
  return found != plan.end() && found->is_number() ? found->get<double>() : otherwise;
}

}  // namespace

Board::Core::Core(Board &b, const nlohmann::json &p, const std::string &folder)
    : board(b), plan(std::make_unique<nlohmann::json>(p)), image(folder + p.at("elf").get<std::string>()), accesses(b), system(b, cpu, nvic, exceptions) {
  nvic.clock = [this] {
    const Time due = board.events.running();
    return due == never ? cpu.cycles_now() : cycle_at(due);
  };
  if (const auto found = plan->find("strict"); found != plan->end() && found->is_boolean()) strict = found->get<bool>();
  end = static_cast<Time>(std::clamp(number_in(*plan, "run_ms", 100), 0.0, longest_run_ms) * static_cast<double>(millisecond));
  const double limit = number_in(*plan, "max_instructions", 0);
  if (limit > 0) instruction_limit = static_cast<std::uint64_t>(limit);
  for (const Segment &segment : image.segments()) {
    std::uint8_t *bytes = cpu.memory(segment.load_address, static_cast<std::uint32_t>(segment.bytes.size()));
    if (!bytes) throw std::runtime_error("the image has " + std::to_string(segment.bytes.size()) + " bytes at " +
                                         hex(segment.load_address) + ", where the STM32F407VG has no memory");
    std::memcpy(bytes, segment.bytes.data(), segment.bytes.size());
  }
}

Board::Core::~Core() = default;

std::string Board::Core::where(std::uint32_t address) const {
  const Symbol *function = image.function_at(address);
  return function ? " by " + function->name : "";
}

std::uint64_t Board::Core::cycle_at(Time time) const {
  if (time == never) return UINT64_MAX;
  if (time <= epoch) return epoch_cycles;
  std::uint64_t cycles = epoch_cycles + count_periods(time - epoch, board.clocks.hclk);
  while (time_at(cycles) < time) ++cycles;
  return cycles;
}

/// Makes the peripherals and what the plan does to the board.
void Board::Core::start() {
  for (const PeripheralInfo &info : peripheral_table())
    if (auto model = make_peripheral(board, info)) peripherals[info.name] = std::move(model);
  accesses.map();
  connect();
  wire_plan();
  reset_system("power_on");
}

/// What the parts tell each other.
void Board::Core::connect() {
  board.events.on_earlier = [this] { cpu.deadline = std::min(cpu.deadline, cycle_at(board.events.next())); };
  cpu.preempted = [this] { return nvic.to_take(exceptions.masks()) != none; };
  cpu.may_preempt = [this] {
    return board.events.next() < end && nvic.may_preempt(exceptions.masks(), system.tick_interrupts());
  };
  cpu.on_null = [this](const BadAccess &access) { report_null(access); };
  cpu.stack.uses_process_stack = [this] {
    return exceptions.current() == none && (cpu.get(UC_ARM_REG_CONTROL) & 2) != 0;
  };
  cpu.stack.set_by_software = [this] { return cpu.set_stack_pointer(); };
  cpu.stack.on_overflow = [this](std::uint32_t sp, const Stack::Region &region) {
    Finding finding;
    finding.kind = "stack_overflow";
    const std::string victim = image.describe(region.low - 4);
    finding.text = "the stack pointer is " + hex(sp) + ", " + std::to_string(region.low - sp) +
                   " bytes below the end of its stack (" + hex(region.low) + " to " + hex(region.high) + ")" +
                   (victim.empty() ? "" : ": what is pushed overwrites " + victim);
    finding.address = sp;
    board.findings.add(std::move(finding));
  };
  exceptions.on_entry = [this](int number) { on_entry(number); };
  exceptions.on_exit = [this](int number) {
    cpu.event = true;  // an exception return is an event for WFE (B1.5.18)
    if (!nvic.line(number)) chain.released.insert(number);
  };
  exceptions.on_fault = [this](const Fault &fault) {
    if (faults.size() >= 50) return;
    faults.push_back(fault);
    faults.back().at = board.now();
  };
}

void Board::Core::wire_plan() {
  const auto pin_of = [](const nlohmann::json &name) {
    const Pin pin = parse_pin(name.get<std::string>());
    if (pin < 0) throw std::runtime_error("plan: no such pin: " + name.dump());
    return pin;
  };
  for (const auto &wire : board.plan("wires")) board.pins.wire(pin_of(wire.at(0)), pin_of(wire.at(1)));
  for (const auto &name : board.plan("watch")) board.pins.log(pin_of(name)).watched = true;
  for (const auto &change : board.plan("pins")) {
    const Pin pin = pin_of(change.at("pin"));
    const nlohmann::json level = change.value("level", nlohmann::json());
    stimuli.push_back(std::make_unique<Event>(board.events, [this, pin, level] {
      if (level.is_null()) return board.pins.release_external(pin);
      board.pins.drive_external(pin, level.is_boolean() ? level.get<bool>() : level.get<int>() != 0);
    }));
    stimuli.back()->at(static_cast<Time>(number_in(change, "at_ms", 0) * static_cast<double>(millisecond)));
  }
}

void Board::Core::reset_system(const std::string &cause) {
  reset_requested.clear();
  if (cause != "power_on") resets.emplace_back(cause, board.now());
  // The end of standby mode is no failure, as long as there is a mode between them.
  const auto failures = std::count_if(resets.begin(), resets.end(), [](const auto &reset) { return reset.first != "standby"; });
  if (failures >= most_resets || resets.size() >= most_awakenings) ending = Ending::resets;
  sleeping = waiting_for_event = deep = false;
  if (standby) cpu.lose_memory();
  // RCC first: it closes the gates and sets the clocks that the others look at.
  if (auto *rcc = board.peripheral("RCC")) rcc->reset();
  for (auto &[name, peripheral] : peripherals)
    if (name != "RCC") peripheral->reset();
  standby = false;
  nvic.reset();
  exceptions.reset();
  system.reset();
  cpu.alias_zero_to_sram(false);
  chain = {};
  waiting = {};
  std::uint32_t vectors[2] = {};
  std::memcpy(vectors, cpu.memory(flash_base, 8), 8);
  for (int reg : core_registers)
    if (reg != UC_ARM_REG_R15 && reg != UC_ARM_REG_R13 && reg != UC_ARM_REG_XPSR) cpu.set(reg, reg == UC_ARM_REG_R14 ? ~0u : 0);
  cpu.set(UC_ARM_REG_XPSR, 1u << 24);
  for (int reg : {UC_ARM_REG_CONTROL, UC_ARM_REG_PRIMASK, UC_ARM_REG_FAULTMASK, UC_ARM_REG_BASEPRI, UC_ARM_REG_FPSCR}) cpu.set(reg, 0);
  cpu.set(UC_ARM_REG_MSP, vectors[0] & ~3u);
  cpu.set(UC_ARM_REG_PSP, 0);
  cpu.set(UC_ARM_REG_PC, vectors[1] | 1);
  cpu.stack.begin(image, vectors[0] & ~3u);
  cpu.polling.restart();
  if ((vectors[1] & 1) == 0)
    exceptions.fault({"invalid_state", "the reset vector " + hex(vectors[1]) + " at 0x08000004 is not the address of a Thumb function",
                      vectors[1], 0, cfsr::invstate, usage_fault, 0, 0});
}

void Board::Core::step() {
  if (board.events.next() <= board.now()) {
    board.events.run(board.now());
    cpu.polling.restart();
  }
  if (!unsupported.empty()) {
    ending = Ending::unsupported;
    return;
  }
  if (!reset_requested.empty()) return reset_system(std::string(reset_requested));
  if (board.now() >= end) {
    ending = exceptions.locked_up() ? Ending::lockup : nvic.active_fault() != none ? Ending::fault : Ending::time;
    return;
  }
  if (exceptions.locked_up()) {
    // Only a watchdog helps; without one the rest of the run is the same.
    sleeping = true;
    return sleep();
  }
  if (sleeping && deep) return sleep();
  if (exceptions.take_pending()) sleeping = false;
  if (ending != Ending::running) return;
  if (sleeping) return sleep();
  if (instructions() >= instruction_limit) {
    ending = Ending::instructions;
    return;
  }
  cpu.watch_masks = nvic.any_pending();
  const std::uint64_t limit = cpu.cycles + std::min<std::uint64_t>(instruction_limit - instructions(), 1ull << 40);
  cpu.deadline = std::min({cycle_at(std::min(board.events.next(), end)), limit});
  handle(cpu.run(cpu.pc()));
}

void Board::Core::handle(Stop stop) {
  switch (stop) {
    case Stop::boundary: return;
    case Stop::polling: return skip_polling();
    case Stop::sleep: return fall_asleep(false);
    case Stop::wait: return fall_asleep(true);
    case Stop::supervisor_call: return exceptions.supervisor_call();
    case Stop::exception_return: return leave_exception();
    default: return raise_memory_fault(stop);
  }
}

void Board::Core::leave_exception() {
  exceptions.leave(cpu.get(UC_ARM_REG_PC));
  if (system.sleep_on_exit() && !nvic.any_active() && !exceptions.locked_up()) fall_asleep(false);  // SCR.SLEEPONEXIT
}

/// Every round of the loop is the same until the next event (or until a register it reads changes): jump there, by whole
/// rounds, so that the firmware sees the change where it would have seen it.
void Board::Core::skip_polling() {
  const Polling &polling = cpu.polling;
  const Time until = std::min({board.events.next(), polling.stable(), end});
  const std::uint64_t target = cycle_at(until), period = polling.period();
  std::uint64_t skipped = 0;
  if (target > cpu.cycles) skipped = (target - cpu.cycles + period - 1) / period * period;
  cpu.cycles += skipped;
  cpu.polled += skipped;
  polled += periods(skipped, board.clocks.hclk);
  watch_waiting(skipped);
  cpu.polling.restart();
  nvic.event = nvic.event || cpu.event;
}

/// Notes where the firmware waits, and reports a handler that waits for what cannot preempt it.
void Board::Core::watch_waiting(std::uint64_t cycles) {
  const Polling &polling = cpu.polling;
  if (waiting.head != polling.head() || waiting.handler != exceptions.current()) {
    waiting = {};
    waiting.head = polling.head();
    waiting.handler = exceptions.current();
  }
  waiting.cycles += cycles;
  waiting.last = cpu.cycles;
  waiting.loads = polling.loads();
  waiting.registers = polling.registers_read();
  const int blocked = nvic.best_pending();
  if (blocked == none || !waiting.loads || waiting.reported || nvic.active_fault() != none) return;
  if (waiting.blocked == none) waiting.blocked = blocked, waiting.cycles = cycles;
  // A loop that reads memory only, for 10 ms, while what could change that memory pends behind it.
  const bool long_enough = waiting.cycles > board.clocks.hclk / 100;
  if (!long_enough || !waiting.registers.empty()) return;
  waiting.reported = true;
  const Nvic::Masks masks = exceptions.masks();
  Finding finding;
  finding.kind = "priority_inversion";
  const std::string other = interrupt_name(blocked - first_interrupt);
  const std::string priority = std::to_string(nvic.priority_bits(blocked) >> 4);
  if (waiting.handler != none)
    finding.text = "the handler of " + interrupt_name(waiting.handler - first_interrupt) + " (priority " +
                   std::to_string(nvic.priority_bits(waiting.handler) >> 4) + ") waits in a loop for memory to change while " +
                   other + " (priority " + priority + ") is pending and cannot preempt it: ";
  else
    finding.text = "a loop waits for memory to change while " + other + " (priority " + priority + ") is pending behind " +
                   (masks.primask ? "PRIMASK" : masks.faultmask ? "FAULTMASK" : "BASEPRI") + ": ";
  finding.text += waiting.handler != none ? "only a lower priority value preempts (Armv7-M B1.5.4; PM0214 4.3)"
                                          : "do not wait for an interrupt's work while interrupts are masked (Armv7-M B1.4.3)";
  board.findings.add(std::move(finding));
}

void Board::Core::fall_asleep(bool for_event) {
  cpu.polling.restart();
  if (for_event && (cpu.event || nvic.event)) {
    cpu.event = nvic.event = false;
    return;
  }
  sleeping = true;
  waiting_for_event = for_event;
  // With an interrupt pending neither mode is entered (RM0090 5.3.4, 5.3.5).
  if (!system.sleep_deep() || nvic.wakes(exceptions.masks())) return;
  if (const auto *pwr = board.find<Pwr>("PWR"); pwr && pwr->standby_chosen()) enter_standby();
  else if (!stop_refused()) enter_stop();
}

/// Stop mode is not entered while EXTI lines are pending or flags of the RTC are set (RM0090 5.3.4): the core sleeps only.
bool Board::Core::stop_refused() {
  const auto *exti = board.find<Exti>("EXTI");
  const auto *rtc = board.find<Rtc>("RTC");
  const bool lines = exti && exti->pending();
  if (!lines && !(rtc && rtc->flagged())) return false;
  Finding note;
  note.kind = "stop_not_entered";
  note.severity = Severity::note;
  note.text = std::string("stop mode is not entered, because ") +
              (lines ? "a line is pending in EXTI_PR" : "a flag of an alarm or the wake-up timer is set in RTC_ISR") +
              ": clear it before WFI or WFE (RM0090 5.3.4)";
  board.findings.add_at(waited_at(), std::move(note));
  return true;
}

/// The WFI or WFE that the core has just left behind.
std::uint32_t Board::Core::waited_at() {
  const std::uint8_t *before = cpu.memory(pc() - 2, 2);
  return pc() - (before && before[1] == 0xBF && (before[0] == 0x30 || before[0] == 0x20) ? 2 : 0);
}

/// Standby mode (RM0090 5.3.5): the 1.2 V domain is off, with the core, its memory and all peripherals but PWR, the backup
/// domain and what LSI drives. It ends by a reset only.
void Board::Core::enter_standby() {
  deep = standby = true;
  system.freeze();
  if (auto *rcc = board.find<Rcc>("RCC")) rcc->wake_from_stop();
  for (auto &[name, peripheral] : peripherals)
    if (name != "RCC" && name != "PWR" && name != "RTC" && name != "IWDG") peripheral->reset();
  if (auto *pwr = board.find<Pwr>("PWR")) pwr->enter_standby();
}

/// Stop mode (RM0090 5.3.4): all clocks of the 1.2 V domain stand still, SysTick too; only EXTI lines, the RTC and the
/// independent watchdog go on.
void Board::Core::enter_stop() {
  deep = true;
  system.freeze();
  Clocks clocks = board.clocks;
  clocks.pclk1 = clocks.pclk2 = clocks.timclk1 = clocks.timclk2 = 0;
  if (const auto *rcc = board.find<Rcc>("RCC")) clocks.rtc = rcc->rtc_clock(clocks);
  board.change_clocks(clocks);
}

/// HSI is the system clock after stop mode, whatever it was before; HSE and PLL are off.
void Board::Core::leave_stop() {
  deep = false;
  if (auto *rcc = board.find<Rcc>("RCC")) rcc->wake_from_stop();
  system.thaw();
}

void Board::Core::sleep() {
  if (!exceptions.locked_up() && !standby && (nvic.wakes(exceptions.masks()) || (waiting_for_event && nvic.event))) {
    if (waiting_for_event) cpu.event = nvic.event = false;
    return wake();
  }
  const std::uint64_t target = std::max(cycle_at(std::min(board.events.next(), end)), cpu.cycles);
  slept_cycles += target - cpu.cycles;
  slept += periods(target - cpu.cycles, board.clocks.hclk);
  cpu.cycles = target;
}

void Board::Core::wake() {
  sleeping = false;
  if (deep) leave_stop();
}

void Board::Core::on_entry(int number) {
  InterruptCount &counter = interrupts[number];
  ++counter.count;
  counter.worst_latency = std::max(counter.worst_latency, cpu.cycles - std::min(cpu.cycles, nvic.pended_at(number)));
  cpu.event = true;
  const bool from_thread = (cpu.get(UC_ARM_REG_LR) & 8) != 0;
  if (from_thread && !exceptions.in_a_row()) chain.entries.clear();
  if (number < first_interrupt && number != sys_tick) return;
  const std::string name = interrupt_name(number - first_interrupt);
  const std::uint32_t handler = cpu.pc();
  const std::uint8_t *code = cpu.memory(handler, 2);
  if (code && code[0] == 0xFE && code[1] == 0xE7) {
    Finding finding;
    finding.kind = "unhandled_interrupt";
    finding.text = "interrupt " + name + " was taken, but its vector leads to " + image.describe(handler) +
                   ", an endless loop: the handler (" + name + (number == sys_tick ? "_Handler" : "_IRQHandler") +
                   ") is missing or has another name";
    finding.peripheral = name;
    board.findings.add_at(handler, std::move(finding));
  }
  count_in_a_row(number, name);
}

/// A storm starves the main program. Where misuse is only told, the handlers go on, as on the chip: they may do all the work.
void Board::Core::count_in_a_row(int number, const std::string &name) {
  constexpr unsigned most_in_a_row = 1000;
  if (chain.entries[number]++ == 0) chain.released.erase(number);
  if (chain.entries[number] < most_in_a_row) return;
  chain.entries[number] = 0;
  Finding finding;
  finding.kind = "interrupt_storm";
  const bool held = nvic.line(number) && chain.released.count(number) == 0;
  finding.text = "the handler of " + name + " was entered " + std::to_string(most_in_a_row) +
                 " times without one instruction of the main program in between: " +
                 (held ? "it returns with the flag that requested it still set; clear the flag (or its enable bit) in the handler"
                       : "the interrupt comes faster than its handler runs");
  finding.peripheral = name;
  board.findings.add_at(cpu.pc(), std::move(finding));
  if (strict) ending = Ending::storm;
}

}  // namespace board
