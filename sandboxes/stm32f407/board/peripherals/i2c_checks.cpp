// What the manual forbids a master on the I2C bus (RM0090 27.3.3, 27.6), and what it leaves hanging.
#include <cstdio>

#include "i2c.hpp"

namespace board {
namespace {

enum : std::uint32_t { PE = 1 };

std::string in_ms(Time time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f ms", static_cast<double>(time) / static_cast<double>(millisecond));
  return text;
}

}  // namespace

void I2c::check_timing(std::uint32_t offset, std::uint32_t data) {
  if ((value(CR1) & PE) == 0 || value(offset) == data) return;
  finding("peripheral_enabled_while_configured",
          std::string(offset == CCR ? "CCR" : "TRISE") + " of " + name() +
              " is written while PE is 1: it must be set up only while the unit is off (RM0090 27.6.8, 27.6.9)",
          offset);
}

/// What must hold when a communication starts.
void I2c::check_set_up() {
  scl_.require(name() + " starts a transfer as a master");
  sda_.require(name() + " starts a transfer as a master");
  if (checked_) return;
  checked_ = true;
  for (const Signal *signal : {&scl_, &sda_}) {
    for (const Pin pin : signal->pins())
      if (!board.pins.settings(pin).open_drain)
        finding("i2c_misuse",
                "P" + pin_name(pin) + " carries " + signal->name() + " as a push-pull output: it would drive the line high against "
                "the slave; an I2C pin must be open-drain (OTYPER = 1: RM0090 8.3.11, 27.3)",
                CR1);
  }
  const std::uint32_t mhz = value(CR2) & 0x3F, clock = bus_clock();
  if (mhz < 2 || mhz > 50 || mhz * 1'000'000ull > clock + 999'999ull || (mhz + 1) * 1'000'000ull <= clock)
    finding("i2c_misuse",
            "CR2.FREQ of " + name() + " is " + std::to_string(mhz) + ", but PCLK1 is " + std::to_string(clock) +
                " Hz: FREQ must be that clock in MHz (RM0090 27.6.2)",
            CR2);
  const std::uint32_t ccr = value(CCR) & 0xFFF;
  const bool fast = value(CCR) & 0x8000;
  if (ccr == 0) {
    finding("i2c_misuse", "CCR of " + name() + " is 0: the clock of the bus is not set up (RM0090 27.6.8)", CCR);
    return;
  }
  const double hz = static_cast<double>(second) / static_cast<double>(bit_time());
  if (hz > (fast ? 425'000.0 : 102'500.0))
    finding("i2c_misuse",
            name() + " clocks the bus at " + std::to_string(static_cast<long>(hz)) + " Hz, more than " +
                (fast ? "the 400 kHz of fast mode" : "the 100 kHz of standard mode") + " (CCR, RM0090 27.6.8)",
            CCR);
}

/// 27.3.3, closing the communication: only a byte that is not acknowledged makes the slave let go of SDA.
void I2c::check_last_byte(const char *condition) {
  if (!reading_ || !acknowledged_) return;
  Finding finding;
  finding.kind = "i2c_misuse";
  finding.text = "a " + std::string(condition) + " is requested on " + name() + " although the last byte received was acknowledged: the "
                 "slave already puts its next bit on SDA and may hold it low, so that the condition never gets on the bus; clear ACK "
                 "before the last byte arrives (RM0090 27.3.3, closing the communication)";
  finding.peripheral = name();
  finding.register_name = "CR1";
  finding.address = info().base + CR1;
  board.findings.add_at(condition_at_, std::move(finding));
}

/// Software took bytes of a transfer but not its last one: one more was clocked out of the slave than was wanted.
/// A transfer of which nothing at all was read (a probe with the read bit) is no error: writing DR clears RXNE (27.6.6).
void I2c::check_all_read() {
  if (taken_ == 0) return;
  finding("i2c_misuse",
          name() + " sends an address while a received byte of the transfer before is still in DR: more bytes were received than read, "
          "and this one is lost (RXNE is cleared by writing DR, RM0090 27.6.6). The byte after the last wanted one was already on its "
          "way when ACK and STOP were written: for one byte, clear ACK before and set STOP right after ADDR is cleared (RM0090 27.3.3, "
          "closing the communication)",
          DR);
}

/// At the end of the run: ADDR stretches SCL until SR1 and SR2 have been read. An interrupt may be on its way: 1 ms is granted.
void I2c::check_address_cleared() {
  if (state_ != State::address_held || board.now() < later(address_since_, millisecond)) return;
  Finding finding;
  finding.kind = "i2c_misuse";
  finding.text = "SR1.ADDR of " + name() + " is set since " + in_ms(address_since_) + " (for " + in_ms(board.now() - address_since_) +
                 ", to the end of the run) and nobody has read SR1 and then SR2: until then SCL is held low and nothing is "
                 "transferred (RM0090 27.3.3)";
  finding.peripheral = name();
  finding.register_name = "SR2";
  finding.address = info().base + SR2;
  board.findings.add_at(address_at_, std::move(finding));
}

}  // namespace board
