// What gcc's -fsanitize=bounds-strict,alignment calls where a check has failed. The layouts are those of its libubsan.
#include <algorithm>
#include <cstring>

#include "bounds.h"
#include "memory.h"
#include "report.h"
#include "symbols.h"

namespace emulate::check {

namespace {

constexpr int kIllegalAddress = 700, kMisalignedAddress = 716;  // cudaErrorIllegalAddress, cudaErrorMisalignedAddress

struct SourceLocation {
    const char *file;
    uint32_t line, column;
};
struct TypeDescriptor {
    uint16_t kind, info;
    char name[1];
};
struct OutOfBounds {
    SourceLocation where;
    TypeDescriptor *array, *index;
};
struct TypeMismatch {
    SourceLocation where;
    TypeDescriptor *type;
    unsigned char log_alignment, check;
};

struct Waiting {
    bool active = false;
    Party here;
    std::string detail;
    bool other_memory = false;  // an access of the line went to global memory
    size_t sizes[2];            // of the regions, which are hidden so that each access asks
    unsigned arenas;
};
EMULATE_EARLY Waiting waiting;

// While an index waits, no region is found by the hot path.
void hide() {
    waiting.sizes[0] = static_shared.size;
    waiting.sizes[1] = dynamic_shared.size;
    waiting.arenas = arena_count;
    static_shared.size = dynamic_shared.size = 0;
    arena_count = 0;
}
void unhide() {
    static_shared.size = waiting.sizes[0];
    dynamic_shared.size = waiting.sizes[1];
    arena_count = waiting.arenas;
}

void settle(const char *space, uintptr_t address, size_t size) {
    waiting.active = false;
    unhide();
    if (is_new("out_of_bounds", waiting.here, nullptr))
        report({"out_of_bounds", space, nullptr, waiting.here, {}, false, address != 0 ? describe(address) : "", size, waiting.detail});
}

std::string unquoted(const TypeDescriptor *type) {
    std::string name = type->name;
    return name.size() > 2 && name.front() == '\'' ? name.substr(1, name.size() - 2) : name;
}

}  // namespace

bool settle_bounds(Access access, const void *pointer, size_t size, const void *pc) {
    if (!waiting.active) return false;
    const auto address = reinterpret_cast<uintptr_t>(pointer);
    const Party here = party(*current, pc, nullptr);
    const bool same_line = here.thread == waiting.here.thread && here.block == waiting.here.block &&
                           line_of(here.code).line == static_cast<int>(waiting.here.line);
    if (!same_line) {
        flush_bounds();
    } else {
        unhide();
        const Region *region = region_of(address);
        if (near_shared(address) || (region != nullptr && (region->shared || region->variables))) {
            waiting.here.access = access == Access::read ? "read" : "write";
            settle(near_shared(address) || region->shared ? "shared" : "global", address, size);
            if (access == Access::write && (region == nullptr || region->shared) && !is_of_program(address)) abandon(kIllegalAddress);
            return true;
        }
        waiting.other_memory |= region != nullptr;
        if (region == nullptr) {
            const bool local = in_stack_of_current(pointer);
            if (!local) {  // so far off that it is in nothing: this is the access
                waiting.here.access = access == Access::read ? "read" : "write";
                settle(nullptr, 0, size);
                abandon(kIllegalAddress);
            }
            hide();
            return true;
        }
    }
    if (access == Access::read)
        device_access<Access::read, Manner::plain>(*current, pointer, size, pc);
    else
        device_access<Access::write, Manner::plain>(*current, pointer, size, pc);
    if (waiting.active) hide();
    return true;
}

void flush_bounds() {
    if (waiting.active) settle(waiting.other_memory ? nullptr : "local", 0, 0);
}

static void out_of_bounds(const OutOfBounds &data, uintptr_t index, const void *pc) {
    if (!on || current == nullptr) return;
    Party here = party(*current, pc, nullptr);
    here.file = data.where.file;
    here.line = data.where.line;
    if (waiting.active) {
        if (waiting.here.line == here.line && waiting.here.thread == here.thread) return;  // another dimension of the same array
        flush_bounds();
    }
    waiting.here = here;
    waiting.detail = "index " + std::to_string(static_cast<int64_t>(index)) + " of " + unquoted(data.array);
    waiting.active = true;
    waiting.other_memory = false;
    hide();
}

void misaligned(const void *address, const char *rule, unsigned multiple, const void *pc) {
    if (!on || current == nullptr) return;
    const Party here = party(*current, pc, nullptr);
    const Region *region = region_of(reinterpret_cast<uintptr_t>(address));
    if (is_new("misaligned_address", here, nullptr))
        report({"misaligned_address", region == nullptr ? nullptr : region->shared ? "shared" : "global", nullptr, here, {}, false,
                describe(reinterpret_cast<uintptr_t>(address)), 0, rule + std::to_string(multiple)});
}

static void misaligned(const TypeMismatch &data, uintptr_t address, const void *pc) {
    // The device wants as much as its widest access: 16 bytes (programming guide, "Device Memory Accesses").
    const uintptr_t alignment = std::min<uintptr_t>(uintptr_t{1} << data.log_alignment, 16);
    if (!on || current == nullptr || address % alignment == 0) return;  // the host's processor does not mind
    Party here = party(*current, pc, nullptr);
    here.file = data.where.file;
    here.line = data.where.line;
    const Region *region = region_of(address);
    if (is_new("misaligned_address", here, nullptr))
        report({"misaligned_address", region == nullptr ? nullptr : region->shared ? "shared" : "global", nullptr, here, {}, false, describe(address), 0,
                unquoted(data.type) + " needs a multiple of " + std::to_string(alignment)});
    abandon(kMisalignedAddress);
}

}  // namespace emulate::check

extern "C" {
using namespace emulate::check;
void __ubsan_handle_out_of_bounds(void *data, uintptr_t index) {
    out_of_bounds(*static_cast<OutOfBounds *>(data), index, __builtin_return_address(0));
}
void __ubsan_handle_out_of_bounds_abort(void *data, uintptr_t index) {
    out_of_bounds(*static_cast<OutOfBounds *>(data), index, __builtin_return_address(0));
}
void __ubsan_handle_type_mismatch_v1(void *data, uintptr_t address) {
    misaligned(*static_cast<TypeMismatch *>(data), address, __builtin_return_address(0));
}
void __ubsan_handle_type_mismatch_v1_abort(void *data, uintptr_t address) {
    misaligned(*static_cast<TypeMismatch *>(data), address, __builtin_return_address(0));
}
}
