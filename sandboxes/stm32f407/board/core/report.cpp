// The report: what the run did, as JSON.
#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core.hpp"
#include "lines.hpp"
#include "peripheral.hpp"

namespace board {
namespace {

using nlohmann::json;

double ms(Time time) { return static_cast<double>(time) / static_cast<double>(millisecond); }

const char *ending_name(Ending ending) {
  static const char *const names[] = {"running", "time", "fault", "lockup", "storm", "resets", "unsupported", "instructions"};
  return names[static_cast<int>(ending)];
}

json pins_report(Board &board) {
  static const char *const modes[] = {"input", "output", "alternate", "analog"};
  json pins = json::object();
  for (Pin pin = 0; pin < pin_count; ++pin) {
    const PinLog &log = board.pins.log(pin);
    if (!board.pins.used(pin) && !log.watched) continue;
    json entry = {{"level", board.pins.level(pin) ? 1 : 0}, {"mode", modes[static_cast<int>(board.pins.settings(pin).mode)]},
                  {"rising", log.rising}, {"falling", log.falling}};
    std::vector<Time> periods;
    Time last = never, high = 0, first_rise = never, last_rise = never, high_until_rise = 0;
    for (const auto &[time, level] : log.edges) {
      if (level) {
        if (last != never) periods.push_back(time - last);
        if (first_rise == never) first_rise = time, high = 0;
        last = last_rise = time;
        high_until_rise = high;
      } else if (last != never) {
        high += time - last;
      }
    }
    if (!periods.empty()) {
      std::sort(periods.begin(), periods.end());
      const auto us = [](Time time) { return static_cast<double>(time) / static_cast<double>(microsecond); };
      entry["period_us"] = {{"min", us(periods.front())}, {"median", us(periods[periods.size() / 2])}, {"max", us(periods.back())}};
      entry["duty"] = static_cast<double>(high_until_rise) / static_cast<double>(last_rise - first_rise);
    }
    if (log.watched) {
      json edges = json::array();
      for (const auto &[time, level] : log.edges) edges.push_back({ms(time), level ? 1 : 0});
      entry["edges"] = std::move(edges);
    }
    pins[pin_name(pin)] = std::move(entry);
  }
  return pins;
}

json bytes_as_hex(const std::uint8_t *bytes, std::uint32_t size) {
  std::string text;
  for (std::uint32_t i = 0; i < size; ++i) text += hex(bytes[i], 2).substr(2);
  return text;
}

json memory_report(Board &board) {
  json memory = json::object();
  for (const auto &item : board.plan("memory")) {
    const auto address = item.get<std::uint32_t>();
    std::uint32_t value = 0;
    const std::uint8_t *bytes = board.core().cpu.memory(address, 4);
    if (bytes) std::memcpy(&value, bytes, 4);
    memory[hex(address)] = bytes ? json(value) : json();
  }
  return memory;
}

json symbols_report(Board &board) {
  json symbols = json::object();
  for (const auto &item : board.plan("symbols")) {
    const Symbol *symbol = board.core().image.find(item.get<std::string>());
    if (!symbol) {
      symbols[item.get<std::string>()] = nullptr;
      continue;
    }
    const std::uint32_t size = std::min(symbol->size, 65536u);
    const std::uint8_t *bytes = board.core().cpu.memory(symbol->address, size);
    symbols[symbol->name] = {{"address", symbol->address}, {"size", symbol->size}, {"hex", bytes ? bytes_as_hex(bytes, size) : json()}};
  }
  return symbols;
}

void peripherals_report(Board &board, json &report) {
  json registers = json::object(), touched = json::object();
  for (auto &[name, peripheral] : board.core().peripherals) {
    peripheral->report(report);
    if (peripheral->reads + peripheral->writes == 0) continue;
    touched[name] = {{"reads", peripheral->reads}, {"writes", peripheral->writes}};
    for (const RegisterInfo &reg : peripheral->info().registers)
      registers[name + "." + reg.name] = hex(peripheral->peek(reg.offset), reg.width / 4);
  }
  for (const auto &item : board.plan("registers")) {
    const std::string wanted = item.get<std::string>();
    const std::size_t dot = wanted.find('.');
    Peripheral *peripheral = dot == std::string::npos ? nullptr : board.peripheral(wanted.substr(0, dot));
    const RegisterInfo *reg = peripheral ? peripheral->info().find(wanted.substr(dot + 1)) : nullptr;
    if (reg) registers[wanted] = hex(peripheral->peek(reg->offset), reg->width / 4);
    else if (!registers.contains(wanted)) registers[wanted] = nullptr;
  }
  report["registers"] = std::move(registers);
  report["touched"] = std::move(touched);
}

json interrupts_report(Board::Core &core) {
  json interrupts = json::object();
  const double us_per_cycle = 1e6 / core.board.clocks.hclk;
  for (const auto &[number, counter] : core.interrupts)
    interrupts[interrupt_name(number - exception::first_interrupt)] = {
        {"count", counter.count}, {"worst_latency_us", static_cast<double>(counter.worst_latency) * us_per_cycle}};
  return interrupts;
}

json faults_report(Board::Core &core, Lines &lines) {
  json faults = json::array();
  for (const Fault &fault : core.faults) {
    json entry = {{"kind", fault.kind}, {"text", fault.text}, {"pc", fault.pc}, {"address", fault.address}, {"at_ms", ms(fault.at)},
                  {"cfsr", hex(fault.cfsr)}, {"exception", interrupt_name(fault.raised - exception::first_interrupt)},
                  {"escalated", fault.taken != fault.raised}, {"count", 1}};
    if (fault.taken == exception::none) entry["kind"] = "lockup", entry["text"] = fault.text + "; inside a fault handler: lockup (Armv7-M B1.5.15)";
    lines.name(entry, fault.pc);
    faults.push_back(std::move(entry));
  }
  return faults;
}

json findings_report(Board::Core &core, Lines &lines) {
  json findings = json::array();
  for (const Finding &finding : core.board.findings.all()) {
    json entry = {{"kind", finding.kind}, {"text", finding.text}, {"severity", finding.severity == Severity::error ? "error" : "note"},
                  {"pc", finding.pc}, {"address", finding.address}, {"peripheral", finding.peripheral},
                  {"register", finding.register_name}, {"count", finding.count}, {"at_ms", ms(finding.at)}};
    lines.name(entry, finding.pc);
    findings.push_back(std::move(entry));
  }
  return findings;
}

json waiting_report(Board::Core &core, Lines &lines) {
  // Only if the run ended in that loop.
  if (core.waiting.head == 0 || core.sleeping || core.cpu.cycles - core.waiting.last > 1000) return nullptr;
  json reads = json::array();
  for (std::uint32_t address : core.waiting.registers) reads.push_back(register_at(address));
  json entry = {{"pc", core.waiting.head}, {"registers", reads}, {"memory", core.waiting.loads},
                {"ms", static_cast<double>(core.waiting.cycles) * 1e3 / core.board.clocks.hclk}};
  lines.name(entry, core.waiting.head);
  return entry;
}

}  // namespace

json make_report(Board &board) {
  Board::Core &core = board.core();
  json report = {{"engine", "board"}, {"ended", ending_name(core.ending)}, {"virtual_ms", ms(board.now())},
                 {"instructions", core.instructions()}, {"uart", json::object()}};
  const Clocks &clocks = board.clocks;
  report["slept_ms"] = ms(core.slept);
  report["polled_ms"] = ms(core.polled);
  json causes = json::array();
  for (const auto &[cause, time] : core.resets) causes.push_back({{"cause", cause}, {"at_ms", ms(time)}});
  report["reset"] = {{"count", core.resets.size()}, {"causes", causes}};
  core.remark_interrupts();
  peripherals_report(board, report);  // may add findings
  report["pins"] = pins_report(board);
  report["memory"] = memory_report(board);
  report["symbols"] = symbols_report(board);
  report["interrupts"] = interrupts_report(core);
  report["clock"] = {{"sysclk", clocks.sysclk}, {"hclk", clocks.hclk}, {"pclk1", clocks.pclk1}, {"pclk2", clocks.pclk2}, {"source", clocks.source}};
  const Stack &stack = core.cpu.stack;
  report["stack"] = {{"top", stack.main().high}, {"limit", stack.main().low}, {"lowest", stack.main_lowest()}, {"used", stack.main().high - stack.main_lowest()}};
  Lines lines(core.image);
  report["faults"] = faults_report(core, lines);
  report["findings"] = findings_report(core, lines);
  report["waiting"] = waiting_report(core, lines);
  report["unsupported"] = core.unsupported;
  lines.resolve(report);
  return report;
}

}  // namespace board
