// What is told of DMA streams though the chip does as it is told: streams that nobody asks, and transfers past a variable's end.
#include <cstring>
#include <string>

#include "../core/core.hpp"
#include "dma.hpp"

namespace board {
namespace {

/// The bit by which a unit makes requests: its register and name in the table.
struct RequestBit {
  std::string unit;
  const char *register_name;
  std::string field;
};

/// From a request's name (tables 42, 43): USART2_TX is made by CR3.DMAT of USART2 (30.6.6), and so on. No field: unknown.
RequestBit bit_of(const std::string &request) {
  const std::size_t cut = request.find('_');
  const std::string unit = request.substr(0, cut), what = cut == std::string::npos ? "" : request.substr(cut + 1);
  const auto is = [&](const char *group) { return unit.compare(0, std::strlen(group), group) == 0; };
  if (is("USART") || is("UART")) return {unit, "CR3", what == "TX" ? "DMAT" : "DMAR"};
  if (is("SPI")) return {unit, "CR2", what == "TX" ? "TXDMAEN" : "RXDMAEN"};  // 28.5.2
  if (is("I2C")) return {unit, "CR2", "DMAEN"};                              // 27.6.2
  if (is("ADC")) return {unit, "CR2", "DMA"};                                // 13.13.3
  if (is("DAC")) return {"DAC", "CR", "DMAEN" + unit.substr(3)};             // 14.5.1
  if (is("SDIO")) return {"SDIO", "DCTRL", "DMAEN"};                         // 31.9.9
  if (is("DCMI")) return {"DCMI", "CR", "CAPTURE"};                          // 15.8.1
  if (is("TIM")) {                                                           // 18.4.4
    if (what == "UP") return {unit, "DIER", "UDE"};
    if (what == "TRIG") return {unit, "DIER", "TDE"};
    if (what == "COM") return {unit, "DIER", "COMDE"};
    return {unit, "DIER", "CC" + what.substr(2) + "DE"};
  }
  return {unit, "", ""};
}

}  // namespace

void Dma::report(nlohmann::json &) {
  for (int n = 0; n < 8; ++n)
    if (on(n) && direction(n) != 2 && streams_[static_cast<std::size_t>(n)].waiting_since != never) remark_unasked(n);
}

/// A stream is on and has moved nothing, and none of the units whose requests its channel carries has been told to make any.
void Dma::remark_unasked(int n) {
  const int channel = static_cast<int>(control(n) >> 25 & 7);
  std::string bits;
  for (const Source &source : sources_) {
    if (source.stream != n || source.channel != channel) continue;
    const RequestBit bit = bit_of(source.name);
    Peripheral *unit = board.peripheral(bit.unit);
    const RegisterInfo *reg = unit ? unit->info().find(bit.register_name) : nullptr;
    if (!reg) return;
    for (const FieldInfo &field : reg->fields)
      if (bit.field == field.name && (unit->peek(reg->offset) & field.mask()) != 0) return;
    bits += (bits.empty() ? "" : ", ") + bit.unit + "_" + reg->name + "." + bit.field + " for " + source.name;
  }
  if (bits.empty()) return;
  Finding note;
  note.kind = "dma_never_asked";
  note.severity = Severity::note;
  note.text = "stream " + std::to_string(n) + " of " + name() + " is on and has moved nothing: no request comes on its channel " +
              std::to_string(channel) + " while the unit's bit is 0 (" + bits + "; RM0090 10.3.3, table " + (number_ == 1 ? "42" : "43") + ")";
  note.peripheral = name(), note.register_name = "S" + std::to_string(n) + "CR", note.address = info().base + at(n, CR);
  board.findings.add_at(streams_[static_cast<std::size_t>(n)].pc, std::move(note));
}

/// Before each write to memory: has the stream left the variable that it began in? NDTR counts items, not bytes (10.3.5, 10.5.6).
void Dma::check_end(int n, std::uint32_t address, int size) {
  Stream &state = streams_[static_cast<std::size_t>(n)];
  const std::uint32_t base = address - state.memory;
  if (base != state.base) {
    const Symbol *symbol = board.core().image.object_at(base);
    state.base = base;
    state.end = symbol && symbol->size != 0 ? symbol->address + symbol->size : UINT32_MAX;
  }
  if (address + static_cast<std::uint32_t>(size) <= state.end) return;
  remark_end(n, state.end);
  state.end = UINT32_MAX;  // said once
}

void Dma::remark_end(int n, std::uint32_t end) {
  const Stream &state = streams_[static_cast<std::size_t>(n)];
  const Image &image = board.core().image;
  const Symbol *symbol = image.object_at(state.base);
  const std::uint32_t item = 1u << (control(n) >> 11 & 3), bytes = state.count * item;
  const std::uint32_t over = state.base + bytes - end;
  const std::string behind = image.describe(end);
  Finding note;
  note.kind = "dma_past_the_end";
  note.severity = Severity::note;
  const std::string into = behind.empty() ? "" : ", into " + behind;
  note.text = "stream " + std::to_string(n) + " of " + name() + " writes past the end of " + symbol->name + " (" + std::to_string(symbol->size) + " bytes): ";
  if (control(n) & 32)  // PFCTRL
    note.text += "the peripheral, which controls the flow, sends more" + into + " (RM0090 10.3.15)";
  else
    note.text += "NDTR asks for " + std::to_string(state.count) + " items of " + std::to_string(item) + (item == 1 ? " byte, " : " bytes, ") +
                 std::to_string(over) + (over == 1 ? " byte" : " bytes") + " too many" + into + "; NDTR counts items, not bytes (RM0090 10.3.5, 10.5.6)";
  note.peripheral = name(), note.register_name = "S" + std::to_string(n) + "NDTR", note.address = info().base + at(n, NDTR);
  board.findings.add_at(state.pc, std::move(note));
}

}  // namespace board
