// The firmware's ELF file: what is loaded where, and its symbols.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace board {

struct Symbol {
  std::string name;
  std::uint32_t address, size;
  bool function, weak;
};

struct Section {
  std::string name;
  std::uint32_t address, size;
};

struct Segment {
  std::uint32_t load_address;
  std::vector<std::uint8_t> bytes;
};

class Image {
 public:
  /// Throws std::runtime_error with a readable reason if the file is no 32-bit little-endian ARM executable.
  explicit Image(const std::string &path);

  const std::string &path() const { return path_; }
  const std::vector<Segment> &segments() const { return segments_; }
  /// Sections that occupy memory at run time.
  const std::vector<Section> &sections() const { return sections_; }
  const Symbol *find(const std::string &name) const;
  /// The function that contains the address; nullptr if none does.
  const Symbol *function_at(std::uint32_t address) const;
  /// The smallest object (variable) that contains the address.
  const Symbol *object_at(std::uint32_t address) const;
  /// "function" or "object+12", or "" if nothing is known.
  std::string describe(std::uint32_t address) const;

 private:
  std::string path_;
  std::vector<Segment> segments_;
  std::vector<Section> sections_;
  std::vector<Symbol> functions_, objects_;  // by address
  std::vector<Symbol> others_;               // without a type: linker script symbols
};

}  // namespace board
