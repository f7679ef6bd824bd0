// Source lines of code addresses, by addr2line of the toolchain.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "image.hpp"

namespace board {

class Lines {
 public:
  explicit Lines(const Image &image) : image_(image) {}
  /// Puts "symbol" into an entry and remembers that its "line" is wanted.
  void name(nlohmann::json &entry, std::uint32_t pc);
  /// Fills "line" ("main.c:31") in all entries of faults, findings and waiting. Without addr2line lines stay empty.
  void resolve(nlohmann::json &report);

 private:
  const Image &image_;
  std::map<std::uint32_t, std::string> lines_;
};

}  // namespace board
