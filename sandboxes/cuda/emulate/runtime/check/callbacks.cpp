// What gcc's -fsanitize=thread calls for each access to memory, and the atomics it makes of __atomic builtins.
#include <cmath>
#include <cstring>

#include "access.h"

using namespace emulate;
using namespace emulate::check;

namespace {

// A thread that reads one place again and again may wait, without volatile, for what another one writes: a race, which can
// only be reported if the wait ends.
constexpr unsigned kPatience = 4096;  // reads of one instruction at one address, with no other read between
inline void yield_if_spinning(const void *address, const void *pc) {
    static const void *last_address, *last_pc;
    static unsigned times;
    if (address != last_address || pc != last_pc) {
        last_address = address;
        last_pc = pc;
        times = 0;
    } else if (++times == kPatience) {
        times = 0;
        if (write_waits) judge_write();
        let_others_run();
    }
}

template <Access access>
inline __attribute__((always_inline)) void plain(const void *address, size_t size, const void *pc) {
    if (!on) return;
    if (Thread *thread = current) {
        if constexpr (access == Access::read) yield_if_spinning(address, pc);
        return check::device_access<access, Manner::plain>(*thread, address, size, pc);
    }
    host_access(access, address, size, pc);
}

// A volatile access of a naturally aligned word is a relaxed atomic: it can hand over, and a loop on it waits for others.
template <Access access>
inline __attribute__((always_inline)) void volatile_access(const void *address, size_t size, const void *pc) {
    if (!on) return;
    Thread *thread = current;
    if (thread == nullptr) return host_access(access, address, size, pc);
    if (size > 8 || reinterpret_cast<uintptr_t>(address) % size != 0) return plain<access>(address, size, pc);
    if (region_of(reinterpret_cast<uintptr_t>(address)) == nullptr) return elsewhere(access, address, size, pc);
    if constexpr (access == Access::read) {
        let_others_run();
        acquire(*thread, address);
    } else {
        release(*thread, address, false);
    }
    check::device_access<access, Manner::relaxed_volatile>(*thread, address, size, pc);
}

#define PC __builtin_return_address(0)

// For code that uses __atomic builtins or std::atomic: the order of the operation by the number the compiler gives.
template <bool reads, bool writes, bool decides = false, typename T>
inline void tell_atomic(const volatile T *address, int order, const void *pc) {
    if (!on || current == nullptr) return;
    if (reads && !writes) let_others_run();  // first: what they hand over meanwhile is read, too
    const bool acquires = reads && (order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST);
    const bool releases = writes && (order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST);
    atomic(const_cast<const T *>(address), sizeof(T), writes,
           acquires && releases ? Order::acq_rel : acquires ? Order::acquire : releases ? Order::release : Order::relaxed, Scope::system, pc, reads, decides);
}

}  // namespace

extern "C" {

#define ACCESSES(SIZE)                                                                                           \
    void __tsan_read##SIZE(void *a) { plain<Access::read>(a, SIZE, PC); }                                         \
    void __tsan_write##SIZE(void *a) { plain<Access::write>(a, SIZE, PC); }                                       \
    void __tsan_unaligned_read##SIZE(void *a) { plain<Access::read>(a, SIZE, PC); }                               \
    void __tsan_unaligned_write##SIZE(void *a) { plain<Access::write>(a, SIZE, PC); }                             \
    void __tsan_volatile_read##SIZE(void *a) { volatile_access<Access::read>(a, SIZE, PC); }                      \
    void __tsan_volatile_write##SIZE(void *a) { volatile_access<Access::write>(a, SIZE, PC); }                    \
    void __tsan_unaligned_volatile_read##SIZE(void *a) { volatile_access<Access::read>(a, SIZE, PC); }            \
    void __tsan_unaligned_volatile_write##SIZE(void *a) { volatile_access<Access::write>(a, SIZE, PC); }
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
#undef ACCESSES

void __tsan_read_range(void *a, size_t size) { plain<Access::read>(a, size, PC); }
void __tsan_write_range(void *a, size_t size) { plain<Access::write>(a, size, PC); }
void __tsan_vptr_update(void **a, void *) { plain<Access::write>(a, sizeof *a, PC); }
void __tsan_vptr_read(void **a) { plain<Access::read>(a, sizeof *a, PC); }
void __tsan_init() {}
void __tsan_func_entry(void *) {}
void __tsan_func_exit() {}

// The objects of the program call these for memcpy, memmove and memset.
void *__emulate_memcpy(void *to, const void *from, size_t size) {
    plain<Access::read>(from, size, PC);
    plain<Access::write>(to, size, PC);
    return memcpy(to, from, size);
}
void *__emulate_memmove(void *to, const void *from, size_t size) {
    plain<Access::read>(from, size, PC);
    plain<Access::write>(to, size, PC);
    return memmove(to, from, size);
}
void *__emulate_memset(void *to, int value, size_t size) {
    plain<Access::write>(to, size, PC);
    return memset(to, value, size);
}

// Functions of the C library that write through a pointer.
#define WRITES_RESULT(NAME, T, R, ...)                  \
    T __emulate_##NAME(__VA_ARGS__, R *result) {         \
        plain<Access::write>(result, sizeof *result, PC); \
        return
WRITES_RESULT(frexp, double, int, double x) frexp(x, result); }
WRITES_RESULT(frexpf, float, int, float x) frexpf(x, result); }
WRITES_RESULT(modf, double, double, double x) modf(x, result); }
WRITES_RESULT(modff, float, float, float x) modff(x, result); }
WRITES_RESULT(remquo, double, int, double x, double y) remquo(x, y, result); }
WRITES_RESULT(remquof, float, int, float x, float y) remquof(x, y, result); }
#undef WRITES_RESULT
void __emulate_sincos(double x, double *sine, double *cosine) {
    plain<Access::write>(sine, sizeof *sine, PC);
    plain<Access::write>(cosine, sizeof *cosine, PC);
    sincos(x, sine, cosine);
}
void __emulate_sincosf(float x, float *sine, float *cosine) {
    plain<Access::write>(sine, sizeof *sine, PC);
    plain<Access::write>(cosine, sizeof *cosine, PC);
    sincosf(x, sine, cosine);
}

// The operations themselves are done in the strongest order: cheap on this processor, and right for every order asked.
#define ATOMICS(BITS, T)                                                                                         \
    T __tsan_atomic##BITS##_load(const volatile T *a, int order) {                                                \
        tell_atomic<true, false>(a, order, PC);                                                                   \
        return __atomic_load_n(a, __ATOMIC_SEQ_CST);                                                              \
    }                                                                                                             \
    void __tsan_atomic##BITS##_store(volatile T *a, T v, int order) {                                             \
        tell_atomic<false, true>(a, order, PC);                                                                   \
        __atomic_store_n(a, v, __ATOMIC_SEQ_CST);                                                                 \
    }                                                                                                             \
    T __tsan_atomic##BITS##_exchange(volatile T *a, T v, int order) {                                             \
        tell_atomic<true, true>(a, order, PC);                                                                    \
        return __atomic_exchange_n(a, v, __ATOMIC_SEQ_CST);                                                       \
    }                                                                                                             \
    FETCH(BITS, T, add)                                                                                           \
    FETCH(BITS, T, sub)                                                                                           \
    FETCH(BITS, T, and)                                                                                           \
    FETCH(BITS, T, or)                                                                                            \
    FETCH(BITS, T, xor)                                                                                           \
    FETCH(BITS, T, nand)                                                                                          \
    COMPARE(BITS, T, strong)                                                                                      \
    COMPARE(BITS, T, weak)                                                                                        \
    T __tsan_atomic##BITS##_compare_exchange_val(volatile T *a, T expected, T v, int order, int) {                \
        tell_atomic<true, true, true>(a, order, PC);                                                              \
        __atomic_compare_exchange_n(a, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                  \
        return expected;                                                                                          \
    }
#define FETCH(BITS, T, OP)                                                                                       \
    T __tsan_atomic##BITS##_fetch_##OP(volatile T *a, T v, int order) {                                           \
        tell_atomic<true, true>(a, order, PC);                                                                    \
        return __atomic_fetch_##OP(a, v, __ATOMIC_SEQ_CST);                                                       \
    }
#define COMPARE(BITS, T, HOW)                                                                                    \
    int __tsan_atomic##BITS##_compare_exchange_##HOW(volatile T *a, T *expected, T v, int order, int) {           \
        tell_atomic<true, true, true>(a, order, PC);                                                              \
        return __atomic_compare_exchange_n(a, expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);            \
    }
ATOMICS(8, unsigned char)
ATOMICS(16, unsigned short)
ATOMICS(32, unsigned)
ATOMICS(64, unsigned long)
#undef ATOMICS
#undef FETCH
#undef COMPARE

void __tsan_atomic_thread_fence(int order) {
    if (on && current != nullptr && order != __ATOMIC_RELAXED) fence(Scope::system);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
void __tsan_atomic_signal_fence(int) {}

}  // extern "C"
