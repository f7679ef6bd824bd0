#include "image.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace board {
namespace {

/// Bounds-checked views into the file: a damaged file ends in an exception, not in a wild read.
class File {
 public:
  explicit File(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot open " + path);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
  }
  template <class T>
  T at(std::uint64_t offset) const {
    T value;
    std::memcpy(&value, range(offset, sizeof value), sizeof value);
    return value;
  }
  const std::uint8_t *range(std::uint64_t offset, std::uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) throw std::runtime_error("the ELF file is cut short");
    return reinterpret_cast<const std::uint8_t *>(bytes_.data()) + offset;
  }
  std::string text(std::uint64_t offset, std::uint64_t end) const {
    end = std::min<std::uint64_t>(end, bytes_.size());
    std::string text;
    while (offset < end && bytes_[offset]) text += bytes_[offset++];
    return text;
  }

 private:
  std::string bytes_;
};

Elf32_Ehdr header_of(const File &file) {
  const auto header = file.at<Elf32_Ehdr>(0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) throw std::runtime_error("not an ELF file");
  if (header.e_ident[EI_CLASS] != ELFCLASS32 || header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_ARM)
    throw std::runtime_error("not a 32-bit little-endian ARM executable");
  if (header.e_type != ET_EXEC) throw std::runtime_error("an ELF file for ARM, but not a linked executable");
  return header;
}

}  // namespace

Image::Image(const std::string &path) : path_(path) {
  const File file(path);
  const auto header = header_of(file);
  for (int i = 0; i < header.e_phnum; ++i) {
    const auto segment = file.at<Elf32_Phdr>(header.e_phoff + std::uint64_t{header.e_phentsize} * i);
    if (segment.p_type != PT_LOAD || segment.p_filesz == 0) continue;
    const std::uint8_t *bytes = file.range(segment.p_offset, segment.p_filesz);
    segments_.push_back({segment.p_paddr, {bytes, bytes + segment.p_filesz}});
  }
  if (segments_.empty()) throw std::runtime_error("the ELF file has nothing to load");

  std::vector<Elf32_Shdr> headers;
  for (int i = 0; i < header.e_shnum; ++i)
    headers.push_back(file.at<Elf32_Shdr>(header.e_shoff + std::uint64_t{header.e_shentsize} * i));
  for (const auto &section : headers) {
    if ((section.sh_flags & SHF_ALLOC) == 0 || section.sh_size == 0 || header.e_shstrndx >= headers.size()) continue;
    const auto &names = headers[header.e_shstrndx];
    const std::uint64_t name = std::uint64_t{names.sh_offset} + section.sh_name;
    sections_.push_back({file.text(name, std::uint64_t{names.sh_offset} + names.sh_size), section.sh_addr, section.sh_size});
  }
  for (const auto &section : headers) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= headers.size()) continue;
    const auto &names = headers[section.sh_link];
    for (std::uint64_t at = 0; at + sizeof(Elf32_Sym) <= section.sh_size; at += sizeof(Elf32_Sym)) {
      const auto symbol = file.at<Elf32_Sym>(section.sh_offset + at);
      const int type = ELF32_ST_TYPE(symbol.st_info);
      if (symbol.st_shndx == SHN_UNDEF || type > STT_FUNC) continue;
      std::string name = file.text(std::uint64_t{names.sh_offset} + symbol.st_name, std::uint64_t{names.sh_offset} + names.sh_size);
      if (name.empty() || name[0] == '$') continue;
      const bool function = type == STT_FUNC;
      auto &list = function ? functions_ : type == STT_OBJECT ? objects_ : others_;
      list.push_back({std::move(name), function ? symbol.st_value & ~1u : symbol.st_value, symbol.st_size, function,
                      ELF32_ST_BIND(symbol.st_info) == STB_WEAK});
    }
  }
  // Of several names for one address the last is found: a weak alias must not hide the handler's own name.
  for (auto *list : {&functions_, &objects_, &others_})
    std::stable_sort(list->begin(), list->end(), [](const Symbol &a, const Symbol &b) { return a.address != b.address ? a.address < b.address : a.weak && !b.weak; });
}

const Symbol *Image::find(const std::string &name) const {
  for (const auto *list : {&objects_, &functions_, &others_})
    for (const auto &symbol : *list)
      if (symbol.name == name) return &symbol;
  return nullptr;
}

namespace {

const Symbol *containing(const std::vector<Symbol> &symbols, std::uint32_t address) {
  auto next = std::upper_bound(symbols.begin(), symbols.end(), address,
                               [](std::uint32_t wanted, const Symbol &symbol) { return wanted < symbol.address; });
  // Aliases and nested objects: look a few symbols back for the last one that reaches so far.
  for (int steps = 0; next != symbols.begin() && steps < 8; ++steps) {
    --next;
    if (address - next->address < std::max(next->size, 1u)) return &*next;
  }
  return nullptr;
}

}  // namespace

const Symbol *Image::function_at(std::uint32_t address) const { return containing(functions_, address); }
const Symbol *Image::object_at(std::uint32_t address) const { return containing(objects_, address); }

std::string Image::describe(std::uint32_t address) const {
  const Symbol *symbol = function_at(address & ~1u);
  if (symbol) return symbol->name;
  symbol = object_at(address);
  if (!symbol) return "";
  return address == symbol->address ? symbol->name : symbol->name + "+" + std::to_string(address - symbol->address);
}

}  // namespace board
