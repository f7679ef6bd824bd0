#include "pwr.hpp"

namespace board {
namespace {
enum : std::uint32_t { CR = 0x00, CSR = 0x04 };
}

void Pwr::reset() {
  Peripheral::reset();
  set(CSR, 1 << 14);  // VOSRDY: the regulator has settled long before the first instruction
}

void Pwr::write(std::uint32_t offset, std::uint32_t data) {
  if (offset == CR) {
    store(CR, data);
    if ((data & 1 << 2) != 0) clear_bits(CSR, 1 << 0);  // CWUF
    if ((data & 1 << 3) != 0) clear_bits(CSR, 1 << 1);  // CSBF
    clear_bits(CR, 3 << 2);
    if ((data & 1 << 4) != 0) unsupported("CR.PVDE (voltage detector)");
    return;
  }
  store(offset, data);
  // The backup regulator is ready at once.
  if ((data & 1 << 9) != 0) set_bits(CSR, 1 << 3);
  else clear_bits(CSR, 1 << 3);
}

std::unique_ptr<Peripheral> make_pwr(Board &board, const PeripheralInfo &info) { return std::make_unique<Pwr>(board, info); }

}  // namespace board
