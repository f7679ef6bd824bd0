// Stacks of threads, and the switch between them.
#pragma once
#include <cstddef>
#include <vector>

namespace emulate {

// Saves the callee-saved registers on the stack, the stack pointer in `*from`, and goes on where `to` was saved.
extern "C" void emulate_switch(void **from, void *to);

// A stack as emulate_switch expects it, that starts in `entry`. `entry` never returns.
void *prepare_stack(unsigned char *top, void (*entry)());

// Stacks of one OS thread. A stack that was given back is the next to be given out: its pages are in the caches.
class StackPool {
  public:
    // Bytes of a stack. A GPU's thread has up to 512 KiB of local memory, but what programs use of it is little, and
    // printf, which runs here, takes some 10 KiB.
    static constexpr size_t size = 256 << 10;

    unsigned char *take();           // the top (highest address) of a stack, 16-byte aligned
    void give(unsigned char *top) { free_.push_back(top); }
    bool owns(const void *address) const;   // guard pages are owned too

  private:
    struct Region {
        const unsigned char *begin, *end;
    };
    std::vector<unsigned char *> free_;
    std::vector<Region> regions_;
};

}  // namespace emulate
