// Atomic functions. Defined in the runtime, so that a call's return address is the user's own line. Each comes for the
// device, for the system and for the block (programming guide, "Atomic Functions").
#pragma once

// Whole numbers that each operation exists for.
#define EMULATE_FOR_ADDED(entry) entry(int) entry(unsigned) entry(unsigned long long) entry(float) entry(double)
#define EMULATE_FOR_SUBTRACTED(entry) entry(int) entry(unsigned)
#define EMULATE_FOR_EXCHANGED(entry) entry(int) entry(unsigned) entry(unsigned long long) entry(float)
#define EMULATE_FOR_ORDERED(entry) entry(int) entry(unsigned) entry(long long) entry(unsigned long long)
#define EMULATE_FOR_BITS(entry) entry(int) entry(unsigned) entry(unsigned long long)
#define EMULATE_FOR_COMPARED(entry) entry(int) entry(unsigned) entry(unsigned long long) entry(unsigned short)

#define EMULATE_ATOMIC(name, T) T name(T *address, T value); T name##_block(T *address, T value); T name##_system(T *address, T value);
#define EMULATE_ADD(T) EMULATE_ATOMIC(atomicAdd, T)
#define EMULATE_SUB(T) EMULATE_ATOMIC(atomicSub, T)
#define EMULATE_EXCHANGE(T) EMULATE_ATOMIC(atomicExch, T)
#define EMULATE_MIN_MAX(T) EMULATE_ATOMIC(atomicMin, T) EMULATE_ATOMIC(atomicMax, T)
#define EMULATE_BITS(T) EMULATE_ATOMIC(atomicAnd, T) EMULATE_ATOMIC(atomicOr, T) EMULATE_ATOMIC(atomicXor, T)
#define EMULATE_COMPARE(T) T atomicCAS(T *address, T expected, T value); T atomicCAS_block(T *address, T expected, T value); T atomicCAS_system(T *address, T expected, T value);
EMULATE_FOR_ADDED(EMULATE_ADD)
EMULATE_FOR_SUBTRACTED(EMULATE_SUB)
EMULATE_FOR_EXCHANGED(EMULATE_EXCHANGE)
EMULATE_FOR_ORDERED(EMULATE_MIN_MAX)
EMULATE_FOR_BITS(EMULATE_BITS)
EMULATE_FOR_COMPARED(EMULATE_COMPARE)
EMULATE_ATOMIC(atomicInc, unsigned)
EMULATE_ATOMIC(atomicDec, unsigned)
#undef EMULATE_ATOMIC
#undef EMULATE_ADD
#undef EMULATE_SUB
#undef EMULATE_EXCHANGE
#undef EMULATE_MIN_MAX
#undef EMULATE_BITS
#undef EMULATE_COMPARE

namespace emulate {
// For half precision: the bits at an address, replaced if they are what was expected; gives what was there.
unsigned short compare_and_swap(unsigned short *address, unsigned short expected, unsigned short value);
}  // namespace emulate
float2 atomicAdd(float2 *address, float2 value);
float4 atomicAdd(float4 *address, float4 value);
