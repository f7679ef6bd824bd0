/* Compiler keywords and instruction intrinsics of CMSIS for GCC (Armv7-M manual, chapter A7). */
#ifndef CMSIS_GCC_H
#define CMSIS_GCC_H

#include <stdint.h>

#ifndef __ASM
#define __ASM __asm
#endif
#ifndef __INLINE
#define __INLINE inline
#endif
#ifndef __STATIC_INLINE
#define __STATIC_INLINE static inline
#endif
#ifndef __STATIC_FORCEINLINE
#define __STATIC_FORCEINLINE __attribute__((always_inline)) static inline
#endif
#ifndef __NO_RETURN
#define __NO_RETURN __attribute__((__noreturn__))
#endif
#ifndef __USED
#define __USED __attribute__((used))
#endif
#ifndef __WEAK
#define __WEAK __attribute__((weak))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
#ifndef __PACKED
#define __PACKED __attribute__((packed, aligned(1)))
#endif
#ifndef __packed
#define __packed __attribute__((packed))
#endif
#ifndef __PACKED_STRUCT
#define __PACKED_STRUCT struct __attribute__((packed, aligned(1)))
#endif
#ifndef __PACKED_UNION
#define __PACKED_UNION union __attribute__((packed, aligned(1)))
#endif
#ifndef __ALIGNED
#define __ALIGNED(x) __attribute__((aligned(x)))
#endif
#ifndef __RESTRICT
#define __RESTRICT __restrict
#endif
/* Words at any address. */
#define CMSIS_UNALIGNED(name, type) \
  __PACKED_STRUCT name { type v; };
CMSIS_UNALIGNED(T_UINT16_READ, uint16_t)
CMSIS_UNALIGNED(T_UINT32_READ, uint32_t)
CMSIS_UNALIGNED(T_UINT16_WRITE, uint16_t)
CMSIS_UNALIGNED(T_UINT32_WRITE, uint32_t)
CMSIS_UNALIGNED(T_UINT32, uint32_t)
#undef CMSIS_UNALIGNED
#define __UNALIGNED_UINT16_READ(address) (((const struct T_UINT16_READ *)(const void *)(address))->v)
#define __UNALIGNED_UINT32_READ(address) (((const struct T_UINT32_READ *)(const void *)(address))->v)
#define __UNALIGNED_UINT16_WRITE(address, value) (void)(((struct T_UINT16_WRITE *)(void *)(address))->v = (value))
#define __UNALIGNED_UINT32_WRITE(address, value) (void)(((struct T_UINT32_WRITE *)(void *)(address))->v = (value))
#define __UNALIGNED_UINT32(address) (((struct T_UINT32 *)(address))->v)
#define __COMPILER_BARRIER() __asm volatile("" ::: "memory")

#define __NOP() __asm volatile("nop")
#define __WFI() __asm volatile("wfi" ::: "memory")
#define __WFE() __asm volatile("wfe" ::: "memory")
#define __SEV() __asm volatile("sev")
#define __BKPT(value) __asm volatile("bkpt " #value)

__STATIC_FORCEINLINE void __ISB(void) { __asm volatile("isb 0xF" ::: "memory"); }
__STATIC_FORCEINLINE void __DSB(void) { __asm volatile("dsb 0xF" ::: "memory"); }
__STATIC_FORCEINLINE void __DMB(void) { __asm volatile("dmb 0xF" ::: "memory"); }
__STATIC_FORCEINLINE void __enable_irq(void) { __asm volatile("cpsie i" ::: "memory"); }
__STATIC_FORCEINLINE void __disable_irq(void) { __asm volatile("cpsid i" ::: "memory"); }
__STATIC_FORCEINLINE void __enable_fault_irq(void) { __asm volatile("cpsie f" ::: "memory"); }
__STATIC_FORCEINLINE void __disable_fault_irq(void) { __asm volatile("cpsid f" ::: "memory"); }

/* Special registers. */
#define CMSIS_READ(name, reg)                             \
  __STATIC_FORCEINLINE uint32_t __get_##name(void) {      \
    uint32_t result;                                      \
    __asm volatile("mrs %0, " #reg : "=r"(result));       \
    return result;                                        \
  }
#define CMSIS_WRITE(name, reg)                                          \
  __STATIC_FORCEINLINE void __set_##name(uint32_t value) {              \
    __asm volatile("msr " #reg ", %0" ::"r"(value) : "memory");         \
  }
CMSIS_READ(PRIMASK, primask)
CMSIS_WRITE(PRIMASK, primask)
CMSIS_READ(BASEPRI, basepri)
CMSIS_WRITE(BASEPRI, basepri)
CMSIS_WRITE(BASEPRI_MAX, basepri_max)
CMSIS_READ(FAULTMASK, faultmask)
CMSIS_WRITE(FAULTMASK, faultmask)
CMSIS_READ(MSP, msp)
CMSIS_WRITE(MSP, msp)
CMSIS_READ(PSP, psp)
CMSIS_WRITE(PSP, psp)
CMSIS_READ(IPSR, ipsr)
CMSIS_READ(APSR, apsr)
CMSIS_READ(xPSR, xpsr)
CMSIS_READ(CONTROL, control)
#undef CMSIS_READ
#undef CMSIS_WRITE

/* A write of CONTROL takes effect for later instructions only after an ISB (B1.4.4). */
__STATIC_FORCEINLINE void __set_CONTROL(uint32_t value) {
  __asm volatile("msr control, %0\n\tisb" ::"r"(value) : "memory");
}

#if defined(__ARM_FP)
__STATIC_FORCEINLINE uint32_t __get_FPSCR(void) {
  uint32_t result;
  __asm volatile("vmrs %0, fpscr" : "=r"(result));
  return result;
}
__STATIC_FORCEINLINE void __set_FPSCR(uint32_t value) { __asm volatile("vmsr fpscr, %0" ::"r"(value) : "memory"); }
#else
__STATIC_FORCEINLINE uint32_t __get_FPSCR(void) { return 0; }
__STATIC_FORCEINLINE void __set_FPSCR(uint32_t value) { (void)value; }
#endif

/* Bits and bytes. */
#define __CLZ(value) ((uint8_t)((value) == 0U ? 32 : __builtin_clz(value)))
#define __REV(value) ((uint32_t)__builtin_bswap32(value))
__STATIC_FORCEINLINE uint32_t __RBIT(uint32_t value) {
  uint32_t result;
  __asm("rbit %0, %1" : "=r"(result) : "r"(value));
  return result;
}
__STATIC_FORCEINLINE uint32_t __REV16(uint32_t value) {
  uint32_t result;
  __asm("rev16 %0, %1" : "=r"(result) : "r"(value));
  return result;
}
__STATIC_FORCEINLINE int16_t __REVSH(int16_t value) { return (int16_t)__builtin_bswap16((uint16_t)value); }
__STATIC_FORCEINLINE uint32_t __ROR(uint32_t value, uint32_t by) {
  by &= 31U;
  return by == 0U ? value : (value >> by) | (value << (32U - by));
}
#define __SSAT(value, bits)                                                     \
  __extension__({                                                               \
    int32_t result_, value_ = (value);                                          \
    __asm("ssat %0, %1, %2" : "=r"(result_) : "I"(bits), "r"(value_) : "cc");   \
    result_;                                                                    \
  })
#define __USAT(value, bits)                                                     \
  __extension__({                                                               \
    uint32_t result_;                                                           \
    int32_t value_ = (value);                                                   \
    __asm("usat %0, %1, %2" : "=r"(result_) : "I"(bits), "r"(value_) : "cc");   \
    result_;                                                                    \
  })

/* Exclusive access. */
#define CMSIS_EXCLUSIVE(load, store, suffix, type)                                                      \
  __STATIC_FORCEINLINE type load(volatile type *address) {                                              \
    uint32_t result;                                                                                    \
    __asm volatile("ldrex" suffix " %0, %1" : "=r"(result) : "Q"(*address) : "memory");                 \
    return (type)result;                                                                                \
  }                                                                                                     \
  __STATIC_FORCEINLINE uint32_t store(type value, volatile type *address) {                             \
    uint32_t failed;                                                                                    \
    __asm volatile("strex" suffix " %0, %2, %1"                                                         \
                   : "=&r"(failed), "=Q"(*address)                                                      \
                   : "r"((uint32_t)value)                                                               \
                   : "memory");                                                                         \
    return failed;                                                                                      \
  }
CMSIS_EXCLUSIVE(__LDREXB, __STREXB, "b", uint8_t)
CMSIS_EXCLUSIVE(__LDREXH, __STREXH, "h", uint16_t)
CMSIS_EXCLUSIVE(__LDREXW, __STREXW, "", uint32_t)
#undef CMSIS_EXCLUSIVE
__STATIC_FORCEINLINE void __CLREX(void) { __asm volatile("clrex" ::: "memory"); }

/* Instructions of the DSP extension that work on two words. */
#define CMSIS_DSP2(name, op)                                                        \
  __STATIC_FORCEINLINE uint32_t name(uint32_t a, uint32_t b) {                      \
    uint32_t result;                                                                \
    __asm volatile(op " %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));               \
    return result;                                                                  \
  }
CMSIS_DSP2(__SADD8, "sadd8")
CMSIS_DSP2(__QADD8, "qadd8")
CMSIS_DSP2(__SHADD8, "shadd8")
CMSIS_DSP2(__UADD8, "uadd8")
CMSIS_DSP2(__UQADD8, "uqadd8")
CMSIS_DSP2(__UHADD8, "uhadd8")
CMSIS_DSP2(__SSUB8, "ssub8")
CMSIS_DSP2(__QSUB8, "qsub8")
CMSIS_DSP2(__SHSUB8, "shsub8")
CMSIS_DSP2(__USUB8, "usub8")
CMSIS_DSP2(__UQSUB8, "uqsub8")
CMSIS_DSP2(__UHSUB8, "uhsub8")
CMSIS_DSP2(__SADD16, "sadd16")
CMSIS_DSP2(__QADD16, "qadd16")
CMSIS_DSP2(__SHADD16, "shadd16")
CMSIS_DSP2(__UADD16, "uadd16")
CMSIS_DSP2(__UQADD16, "uqadd16")
CMSIS_DSP2(__UHADD16, "uhadd16")
CMSIS_DSP2(__SSUB16, "ssub16")
CMSIS_DSP2(__QSUB16, "qsub16")
CMSIS_DSP2(__SHSUB16, "shsub16")
CMSIS_DSP2(__USUB16, "usub16")
CMSIS_DSP2(__UQSUB16, "uqsub16")
CMSIS_DSP2(__UHSUB16, "uhsub16")
CMSIS_DSP2(__SASX, "sasx")
CMSIS_DSP2(__QASX, "qasx")
CMSIS_DSP2(__SSAX, "ssax")
CMSIS_DSP2(__QSAX, "qsax")
CMSIS_DSP2(__USAD8, "usad8")
CMSIS_DSP2(__SXTAB16, "sxtab16")
CMSIS_DSP2(__UXTAB16, "uxtab16")
CMSIS_DSP2(__SMUAD, "smuad")
CMSIS_DSP2(__SMUADX, "smuadx")
CMSIS_DSP2(__SMUSD, "smusd")
CMSIS_DSP2(__SMUSDX, "smusdx")
CMSIS_DSP2(__SEL, "sel")
CMSIS_DSP2(__QADD, "qadd")
CMSIS_DSP2(__QSUB, "qsub")
#undef CMSIS_DSP2

#define CMSIS_DSP3(name, op)                                                                \
  __STATIC_FORCEINLINE uint32_t name(uint32_t a, uint32_t b, uint32_t c) {                  \
    uint32_t result;                                                                        \
    __asm volatile(op " %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(c));           \
    return result;                                                                          \
  }
CMSIS_DSP3(__SMLAD, "smlad")
CMSIS_DSP3(__SMLADX, "smladx")
CMSIS_DSP3(__SMLSD, "smlsd")
CMSIS_DSP3(__SMLSDX, "smlsdx")
CMSIS_DSP3(__USADA8, "usada8")
CMSIS_DSP3(__SMMLA, "smmla")
#undef CMSIS_DSP3

/* Two products added to (or their difference from) a sum of 64 bits. */
#define CMSIS_DSP_LONG(name, op)                                                                        \
  __STATIC_FORCEINLINE uint64_t name(uint32_t a, uint32_t b, uint64_t sum) {                            \
    uint32_t low = (uint32_t)sum, high = (uint32_t)(sum >> 32);                                         \
    __asm volatile(op " %0, %1, %2, %3" : "+r"(low), "+r"(high) : "r"(a), "r"(b));                      \
    return (uint64_t)high << 32 | low;                                                                  \
  }
CMSIS_DSP_LONG(__SMLALD, "smlald")
CMSIS_DSP_LONG(__SMLALDX, "smlaldx")
CMSIS_DSP_LONG(__SMLSLD, "smlsld")
CMSIS_DSP_LONG(__SMLSLDX, "smlsldx")
#undef CMSIS_DSP_LONG

#define CMSIS_DSP1(name, op)                                            \
  __STATIC_FORCEINLINE uint32_t name(uint32_t a) {                      \
    uint32_t result;                                                    \
    __asm volatile(op " %0, %1" : "=r"(result) : "r"(a));               \
    return result;                                                      \
  }
CMSIS_DSP1(__SXTB16, "sxtb16")
CMSIS_DSP1(__UXTB16, "uxtb16")
#undef CMSIS_DSP1

#define __PKHBT(a, b, shift)                                                                       \
  ((uint32_t)(((uint32_t)(a) & 0xFFFFUL) | (((uint32_t)(b) << (shift)) & 0xFFFF0000UL)))
#define __PKHTB(a, b, shift)                                                                       \
  ((uint32_t)(((uint32_t)(a) & 0xFFFF0000UL) | ((uint32_t)((int32_t)(b) >> (shift)) & 0xFFFFUL)))

#endif
