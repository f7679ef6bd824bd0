// How deep the stacks went, and whether one ran over its end.
#pragma once

#include <cstdint>
#include <functional>

namespace board {

class Image;

class Stack {
 public:
  struct Region {
    std::uint32_t low = 0, high = 0;  // [low, high): a stack pointer may be low..high
  };

  /// The main stack: from the initial stack pointer down to the nearest data.
  void begin(const Image &image, std::uint32_t initial);
  /// Called at each basic block with the stack pointer in use; cheap while it stays where it was.
  void watch(std::uint32_t sp) {
    if (sp - lowest_in_use_ <= in_use_.high - lowest_in_use_) return;
    moved(sp);
  }
  /// The core switched to another stack pointer (exception entry or return, CONTROL).
  void switched(std::uint32_t sp, bool process);

  const Region &main() const { return main_; }
  std::uint32_t main_lowest() const { return main_lowest_; }
  /// The region in use now.
  const Region &in_use() const { return in_use_; }
  std::function<void(std::uint32_t sp, const Region &)> on_overflow;
  std::function<bool()> uses_process_stack;
  /// Whether the instructions just executed set the stack pointer to another place, instead of growing the stack.
  std::function<bool()> set_by_software;

 private:
  void moved(std::uint32_t sp);
  Region region_of(std::uint32_t sp) const;

  const Image *image_ = nullptr;
  Region main_, in_use_;
  std::uint32_t main_lowest_ = 0, lowest_in_use_ = 0;
  bool process_ = false, overflowed_ = false;
  bool elsewhere_ = false;  // the main stack pointer has served other stacks than the main one
};

}  // namespace board
