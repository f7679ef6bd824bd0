#include "memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

// The sections of __device__ and __constant__, and of __managed__ variables: the linker gives their ends these names. One
// variable of ours in each, so that they exist.
extern "C" {
extern unsigned char __start_emulate_variables[], __stop_emulate_variables[], __start_emulate_managed[], __stop_emulate_managed[];
__attribute__((section("emulate_variables"), used)) static unsigned char first_variable = 0;
__attribute__((section("emulate_managed"), used)) static unsigned char first_managed = 0;
extern const char __executable_start[], _end[];   // all that the program itself is
}

namespace emulate {

namespace {

constexpr size_t page = 4096, alignment = 256;
constexpr size_t texture_alignment = 512;   // of what the host allocates: it may become a texture (cudaDevAttrTextureAlignment)
constexpr size_t arena_size = size_t(1) << 40;   // of addresses, not of memory

// Far from the program at 4 MiB and from the stacks and libraries at the upper end of the 47-bit address space.
constexpr uintptr_t device_base = 0x200000000000, second_base = 0x220000000000, pinned_base = 0x240000000000, managed_base = 0x260000000000;
// Where device memory is while the host runs.
constexpr uintptr_t parking_base = 0x280000000000;

void *move(void *from, void *to, size_t old_size, size_t size) {
    void *moved = mremap(from, old_size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    if (moved == MAP_FAILED) abort();
    return moved;
}

// One kind's addresses. They are given out from low to high, once.
//
// Device memory is not there while the host runs: a touch is a fault, whoever touches. To change the protection of its pages
// at each launch would take time for each of them; to move the whole mapping away and back takes the time for a few entries
// of the uppermost page tables.
class Arena {
  public:
    Arena(uintptr_t base, bool of_device) : base_(reinterpret_cast<unsigned char *>(base)), next_(base_), of_device_(of_device) {
        if (!of_device) map(base_, arena_size, MAP_PRIVATE);
    }

    unsigned char *take(size_t size, size_t align) {
        next_ += -reinterpret_cast<uintptr_t>(next_) & (align - 1);
        const size_t room = (size + 2 * alignment - 1) / alignment * alignment;
        if (of_device_ && static_cast<size_t>(next_ - base_) % chunk + room > chunk) next_ += chunk - static_cast<size_t>(next_ - base_) % chunk;
        if (room > static_cast<size_t>(base_ + arena_size - next_)) return nullptr;
        unsigned char *begin = next_;
        next_ += room;
        while (of_device_ && begin >= base_ + chunks_ * chunk) add_chunk();
        return begin;
    }

    // Lets the device in, or keeps everybody out.
    void open() { move_all(parking_base - device_base, true); }
    void close() { move_all(0, false); }

  private:
    // No allocation lies in two chunks; one holds the largest that there can be.
    static constexpr size_t chunk = size_t(32) << 30;
    static_assert(chunk > device_memory + 2 * alignment);

    static void map(void *at, size_t size, int sharing) {
        const int flags = sharing | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
        if (mmap(at, size, PROT_READ | PROT_WRITE, flags, -1, 0) != at) abort();
    }

    void add_chunk() {
        unsigned char *at = base_ + chunks_++ * chunk + (open_ ? 0 : parking_base - device_base);
        map(at, chunk, MAP_SHARED);
        // An old size of 0 maps the same shared pages a second time (mremap(2)).
        move(at, base_ + (chunks_ - 1) * chunk + (second_base - device_base), 0, chunk);
    }

    void move_all(size_t from, bool open) {
        const size_t to = parking_base - device_base - from;
        for (size_t i = 0; i < chunks_ && open != open_; ++i) move(base_ + i * chunk + from, base_ + i * chunk + to, chunk, chunk);
        open_ = open;
    }

    unsigned char *base_, *next_;
    bool of_device_, open_ = false;
    size_t chunks_ = 0;
};

struct Memories {
    std::mutex mutex;
    Arena device{device_base, true}, pinned{pinned_base, false}, managed{managed_base, false};
    std::map<uintptr_t, Allocation> allocations;
    std::map<uintptr_t, size_t> symbols;
    size_t in_use = 0;

    Arena &of(check::Memory kind) { return kind == check::Memory::device ? device : kind == check::Memory::pinned ? pinned : managed; }
};

Memories &memories() {
    static Memories *all = new Memories;   // never destroyed: other destructors may still free
    return *all;
}

bool within(uintptr_t base, const void *address) {
    const auto value = reinterpret_cast<uintptr_t>(address);
    return base <= value && value < base + arena_size;
}

}  // namespace

void *allocate(check::Memory kind, size_t size, bool heap) {
    Memories &m = memories();
    std::lock_guard<std::mutex> lock(m.mutex);
    const bool on_device = kind != check::Memory::pinned;
    if (size > arena_size || (on_device && m.in_use + size > device_memory)) return nullptr;
    unsigned char *begin = m.of(kind).take(size, heap ? alignment : texture_alignment);
    if (!begin) return nullptr;
    m.allocations[reinterpret_cast<uintptr_t>(begin)] = {begin, size, kind, heap};
    if (on_device) m.in_use += size;
    return begin;
}

bool release(check::Memory kind, const void *address) {
    Memories &m = memories();
    std::lock_guard<std::mutex> lock(m.mutex);
    const auto found = m.allocations.find(reinterpret_cast<uintptr_t>(address));
    if (found == m.allocations.end() || (found->second.kind != kind)) return false;
    const Allocation gone = found->second;
    m.allocations.erase(found);
    if (kind != check::Memory::pinned) m.in_use -= gone.size;
    // Whole pages go back to the system; the addresses stay taken.
    auto *bytes = static_cast<unsigned char *>(reachable(gone.begin));
    const uintptr_t begin = (reinterpret_cast<uintptr_t>(bytes) + page - 1) / page * page;
    const uintptr_t end = (reinterpret_cast<uintptr_t>(bytes) + gone.size) / page * page;
    if (begin < end) madvise(reinterpret_cast<void *>(begin), end - begin, kind == check::Memory::device ? MADV_REMOVE : MADV_DONTNEED);
    return true;
}

bool find_allocation(const void *address, Allocation &found) {
    Memories &m = memories();
    std::lock_guard<std::mutex> lock(m.mutex);
    const auto value = reinterpret_cast<uintptr_t>(address);
    auto next = m.allocations.upper_bound(value);
    if (next == m.allocations.begin()) return false;
    const Allocation &candidate = std::prev(next)->second;
    if (static_cast<const unsigned char *>(address) > candidate.begin + candidate.size) return false;
    found = candidate;
    return true;
}

bool may_be_symbol(const void *address) {
    const auto *byte = static_cast<const char *>(address);
    return __executable_start <= byte && byte < _end;
}

void note_symbol(const void *address, size_t size) {
    Memories &m = memories();
    std::lock_guard<std::mutex> lock(m.mutex);
    size_t &known = m.symbols[reinterpret_cast<uintptr_t>(address)];
    if (known == 0) check::allocated(check::Memory::symbol, address, size, nullptr);
    known = std::max(known, size);
}

bool is_symbol(const void *address) {
    Memories &m = memories();
    std::lock_guard<std::mutex> lock(m.mutex);
    auto next = m.symbols.upper_bound(reinterpret_cast<uintptr_t>(address));
    if (next == m.symbols.begin()) return false;
    --next;
    return reinterpret_cast<uintptr_t>(address) < next->first + next->second;
}

bool is_device(const void *address) { return within(device_base, address); }

void *reachable(const void *address) {
    auto *bytes = const_cast<unsigned char *>(static_cast<const unsigned char *>(address));
    return is_device(address) ? bytes + (second_base - device_base) : bytes;
}

size_t size_of_symbol(const void *address) {
    Memories &m = memories();
    std::lock_guard<std::mutex> lock(m.mutex);
    const auto found = m.symbols.find(reinterpret_cast<uintptr_t>(address));
    return found == m.symbols.end() ? 0 : found->second;
}

size_t memory_in_use() {
    Memories &m = memories();
    std::lock_guard<std::mutex> lock(m.mutex);
    return m.in_use;
}

void declare_arenas() {
    check::arena(check::Memory::device, reinterpret_cast<void *>(device_base), arena_size);
    check::arena(check::Memory::pinned, reinterpret_cast<void *>(pinned_base), arena_size);
    check::arena(check::Memory::managed, reinterpret_cast<void *>(managed_base), arena_size);
    check::arena(check::Memory::symbol, __start_emulate_variables, __stop_emulate_variables - __start_emulate_variables);
    check::arena(check::Memory::managed, __start_emulate_managed, __stop_emulate_managed - __start_emulate_managed);
}

DeviceTurn::DeviceTurn() {
    Memories &m = memories();
    std::lock_guard<std::mutex> lock(m.mutex);
    m.device.open();
}

DeviceTurn::~DeviceTurn() {
    Memories &m = memories();
    std::lock_guard<std::mutex> lock(m.mutex);
    m.device.close();
}

}  // namespace emulate
