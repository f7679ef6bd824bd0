// What the board holds against a firmware.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "time.hpp"

namespace board {

class Board;

enum class Severity : std::uint8_t {
  note,   // worth knowing; the chip does what the code means
  error,  // the chip would not do what the code means
};

struct Finding {
  std::string kind;  // a fixed word: "unclocked_peripheral", "uart_overrun" …
  std::string text;  // what was done, to what, and what the manual asks, with its section
  Severity severity = Severity::error;
  std::string peripheral, register_name;
  std::uint32_t address = 0;
  // Filled by Findings:
  std::uint32_t pc = 0;
  Time at = 0;
  std::uint64_t count = 1;
};

/// Collects findings; the same kind at the same instruction and register counts up instead of repeating.
class Findings {
 public:
  explicit Findings(Board &board) : board_(board) {}

  /// A finding against the instruction that is being executed.
  void add(Finding finding);
  /// A finding against another instruction than the present one (0: none can be named). Its place for `again`, or
  /// `nowhere` if there are too many already.
  std::size_t add_at(std::uint32_t pc, Finding finding);
  static constexpr std::size_t nowhere = SIZE_MAX;
  /// The same once more.
  void again(std::size_t place) { ++findings_[place].count; }
  bool has(const std::string &kind) const;
  const std::vector<Finding> &all() const { return findings_; }

 private:
  static constexpr std::size_t limit = 200;

  Board &board_;
  std::vector<Finding> findings_;
  std::map<std::tuple<std::string, std::uint32_t, std::string, std::string>, std::size_t> index_;
};

}  // namespace board
