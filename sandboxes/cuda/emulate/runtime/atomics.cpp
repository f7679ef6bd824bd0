// Atomic functions.
#include <cuda_runtime_api.h>
#include <emulate/atomic.h>

#include "hooks.h"

using namespace emulate;
using check::Order;
using check::Scope;

#define HERE __builtin_return_address(0)

namespace {

// An address that no such operation takes: the device faults.
template <class T>
void require_alignment(const T *address) {
    if (reinterpret_cast<uintptr_t>(address) % sizeof(T)) abandon(716);   // cudaErrorMisalignedAddress
}

// What an operation makes of the value that is there. One that comes to the same however old the value is that its thread
// saw before decides or extends; after a sum or an exchange, what the thread saw matters.
enum class Use { counts, replaces, decides, extends };

// Replaces what is at an address by `change` of it; gives what was there. CUDA's atomic functions are relaxed.
template <class T, class Change>
T update(T *address, Scope scope, const void *pc, Change change, Use use = Use::counts) {
    require_alignment(address);
    if (check::on) check::atomic(address, sizeof(T), true, Order::relaxed, scope, pc, use != Use::replaces, use == Use::extends || use == Use::decides);
    T old, next;
    __atomic_load(address, &old, __ATOMIC_RELAXED);
    do {
        next = change(old);
    } while (!__atomic_compare_exchange(address, &old, &next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    // Nothing changed: perhaps a thread that spins until another one does its part. Nobody waits with a minimum or a maximum,
    // and most leave things as they are.
    if (use != Use::extends && __builtin_memcmp(&old, &next, sizeof(T)) == 0) let_others_run();
    return old;
}

template <class T>
T compare_exchange(T *address, T expected, T value, Scope scope, const void *pc) {
    require_alignment(address);
    if (check::on) check::atomic(address, sizeof(T), true, Order::relaxed, scope, pc, true, true);
    T found = expected;
    if (!__atomic_compare_exchange(address, &found, &value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) let_others_run();
    return found;
}

}  // namespace

#define EMULATE_SCOPED(name, scope, T, expression, use) \
    T name(T *address, T value) { return update(address, scope, HERE, [=](T old) -> T { return expression; }, Use::use); }
#define EMULATE_ATOMIC(name, T, expression, use)                      \
    EMULATE_SCOPED(name, Scope::device, T, expression, use)           \
    EMULATE_SCOPED(name##_block, Scope::block, T, expression, use)    \
    EMULATE_SCOPED(name##_system, Scope::system, T, expression, use)

#define EMULATE_ADD(T) EMULATE_ATOMIC(atomicAdd, T, old + value, counts)
#define EMULATE_SUB(T) EMULATE_ATOMIC(atomicSub, T, old - value, counts)
#define EMULATE_EXCHANGE(T) EMULATE_ATOMIC(atomicExch, T, (static_cast<void>(old), value), replaces)
#define EMULATE_MIN_MAX(T)                                                \
    EMULATE_ATOMIC(atomicMin, T, old < value ? old : value, extends)      \
    EMULATE_ATOMIC(atomicMax, T, old > value ? old : value, extends)
#define EMULATE_BITS(T)                                          \
    EMULATE_ATOMIC(atomicAnd, T, old &value, decides)            \
    EMULATE_ATOMIC(atomicOr, T, old | value, decides)            \
    EMULATE_ATOMIC(atomicXor, T, old ^ value, counts)
#define EMULATE_COMPARE(T)                                                                                                                   \
    T atomicCAS(T *address, T expected, T value) { return compare_exchange(address, expected, value, Scope::device, HERE); }                 \
    T atomicCAS_block(T *address, T expected, T value) { return compare_exchange(address, expected, value, Scope::block, HERE); }            \
    T atomicCAS_system(T *address, T expected, T value) { return compare_exchange(address, expected, value, Scope::system, HERE); }

EMULATE_FOR_ADDED(EMULATE_ADD)
EMULATE_FOR_SUBTRACTED(EMULATE_SUB)
EMULATE_FOR_EXCHANGED(EMULATE_EXCHANGE)
EMULATE_FOR_ORDERED(EMULATE_MIN_MAX)
EMULATE_FOR_BITS(EMULATE_BITS)
EMULATE_FOR_COMPARED(EMULATE_COMPARE)
EMULATE_ATOMIC(atomicInc, unsigned, old >= value ? 0 : old + 1, counts)
EMULATE_ATOMIC(atomicDec, unsigned, old == 0 || old > value ? value : old - 1, counts)

float2 atomicAdd(float2 *address, float2 value) {
    const auto add = [pc = HERE](float *to, float by) { return update(to, Scope::device, pc, [=](float old) { return old + by; }); };
    return {add(&address->x, value.x), add(&address->y, value.y)};
}

float4 atomicAdd(float4 *address, float4 value) {
    const auto add = [pc = HERE](float *to, float by) { return update(to, Scope::device, pc, [=](float old) { return old + by; }); };
    return {add(&address->x, value.x), add(&address->y, value.y), add(&address->z, value.z), add(&address->w, value.w)};
}

// Vectors that blocks hand over, as one access: of the processor's, too, which does 16 aligned bytes at once.
namespace {
typedef long long Whole __attribute__((vector_size(16), may_alias));

void tell_of_vector(unsigned long long address, unsigned size, bool writes, int order, const void *pc) {
    if (address % size) abandon(716);   // cudaErrorMisalignedAddress
    if (!writes) let_others_run();      // those who wait read again and again
    const Order known = order == __ATOMIC_RELAXED ? Order::relaxed : writes ? Order::release : Order::acquire;
    for (unsigned i = 0; check::on && i < size; i += 8)
        check::atomic(reinterpret_cast<const void *>(address + i), 8, writes, known, Scope::device, pc, !writes);
}

void move_at_once(void *to, const void *from, unsigned size) {
    if (size == 16) *static_cast<volatile Whole *>(to) = *static_cast<const volatile Whole *>(from);
    else *static_cast<volatile uint64_t *>(to) = *static_cast<const volatile uint64_t *>(from);
}
}  // namespace

namespace emulate::ptx {
void load_vector(void *to, unsigned long long address, unsigned size, int order) {
    tell_of_vector(address, size, false, order, HERE);
    alignas(16) unsigned char value[16];
    move_at_once(value, reinterpret_cast<const void *>(address), size);
    __builtin_memcpy(to, value, size);
}
void store_vector(unsigned long long address, const void *from, unsigned size, int order) {
    tell_of_vector(address, size, true, order, HERE);
    alignas(16) unsigned char value[16];
    __builtin_memcpy(value, from, size);
    move_at_once(reinterpret_cast<void *>(address), value, size);
}
}  // namespace emulate::ptx

namespace emulate {
unsigned short compare_and_swap(unsigned short *address, unsigned short expected, unsigned short value) {
    return compare_exchange(address, expected, value, Scope::device, HERE);
}
}  // namespace emulate
