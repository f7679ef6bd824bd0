// Bits and times of the SDIO (RM0090 31.9).
#pragma once

#include <cstdint>

namespace board::sdio {

enum Clkcr : std::uint32_t { CLKEN = 1 << 8, BYPASS = 1 << 10 };
enum Cmd : std::uint32_t { WAITINT = 1 << 8, WAITPEND = 1 << 9, CPSMEN = 1 << 10, special_commands = 0xF << 11 };
enum Dctrl : std::uint32_t { DTEN = 1, DTDIR = 2, DTMODE = 4, DMAEN = 8, io_card = 0xF << 8 };
enum Sta : std::uint32_t {
  CCRCFAIL = 1 << 0, DCRCFAIL = 1 << 1, CTIMEOUT = 1 << 2, DTIMEOUT = 1 << 3, TXUNDERR = 1 << 4, RXOVERR = 1 << 5, CMDREND = 1 << 6,
  CMDSENT = 1 << 7, DATAEND = 1 << 8, STBITERR = 1 << 9, DBCKEND = 1 << 10, CMDACT = 1 << 11, TXACT = 1 << 12, RXACT = 1 << 13,
  TXFIFOHE = 1 << 14, RXFIFOHF = 1 << 15, TXFIFOF = 1 << 16, RXFIFOF = 1 << 17, TXFIFOE = 1 << 18, RXFIFOE = 1 << 19,
  TXDAVL = 1 << 20, RXDAVL = 1 << 21,
};
/// Those that stay until ICR clears them (31.9.11).
inline constexpr std::uint32_t static_flags = 0x00C007FF;

inline constexpr std::uint32_t fifo_words = 32;
// In periods of SDIO_CK: a command or short answer, a long answer, from one to the other, and the time-out (31.3.1).
inline constexpr std::uint64_t command_bits = 48, long_bits = 136, answer_gap = 8, response_timeout = 64;

}  // namespace board::sdio
