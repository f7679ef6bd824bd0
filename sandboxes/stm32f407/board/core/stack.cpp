#include "stack.hpp"

#include <algorithm>

#include "image.hpp"

namespace board {
namespace {

bool names_a_reserve(const std::string &name) {
  return name.find("stack") != std::string::npos || name.find("heap") != std::string::npos;
}

/// The start of the RAM that an address lies in (or ends at).
std::uint32_t ram_start(std::uint32_t sp) { return sp > 0x20000000 ? 0x20000000 : 0x10000000; }

}  // namespace

void Stack::begin(const Image &image, std::uint32_t initial) {
  image_ = &image;
  main_ = {ram_start(initial), initial};
  // The nearest data below the top is the floor. Sections that only reserve room for stack and heap are no data.
  for (const Section &section : image.sections()) {
    const std::uint32_t end = section.address + section.size;
    if (end <= initial && section.address < initial && end > main_.low && !names_a_reserve(section.name) && end != initial)
      main_.low = end;
  }
  if (const Symbol *object = image.object_at(initial - 4); object && object->size > 64) main_.low = object->address;
  in_use_ = main_;
  main_lowest_ = lowest_in_use_ = initial;
  process_ = overflowed_ = elsewhere_ = false;
}

Stack::Region Stack::region_of(std::uint32_t sp) const {
  if (sp > main_.low && sp <= main_.high) return main_;
  // A task's stack is an array; a full descending stack begins just above its last word.
  for (std::uint32_t probe : {sp - 4, sp})
    if (const Symbol *object = image_->object_at(probe)) return {object->address, object->address + object->size};
  return {0, UINT32_MAX};  // somewhere that nothing is known about
}

void Stack::switched(std::uint32_t sp, bool process) {
  process_ = process;
  in_use_ = process || elsewhere_ ? region_of(sp) : main_;
  const bool is_main = in_use_.low == main_.low && in_use_.high == main_.high;
  lowest_in_use_ = is_main ? main_lowest_ : in_use_.low;
  watch(sp);
}

void Stack::moved(std::uint32_t sp) {
  const bool process = uses_process_stack && uses_process_stack();
  if (process != process_) return switched(sp, process);
  const bool is_main = in_use_.low == main_.low && in_use_.high == main_.high;
  const bool grown = !set_by_software || !set_by_software();
  if (grown && sp < in_use_.low && in_use_.low - sp < 0x10000) {
    if (!overflowed_ && on_overflow) on_overflow(sp, in_use_);
    overflowed_ = true;
    in_use_ = {0, UINT32_MAX};  // said once; further depth means nothing
    lowest_in_use_ = 0;
    if (is_main) main_lowest_ = sp;
    return;
  }
  if (sp >= in_use_.low && sp <= in_use_.high) {
    lowest_in_use_ = sp;
    if (is_main) main_lowest_ = sp;
    return;
  }
  // Software moved the stack pointer to another place without switching it: follow it.
  elsewhere_ |= !process;
  in_use_ = region_of(sp);
  lowest_in_use_ = in_use_.low;
}

}  // namespace board
