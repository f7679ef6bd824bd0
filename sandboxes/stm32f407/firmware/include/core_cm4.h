/* Core peripherals and instructions of the Cortex-M4 under the names that CMSIS-style code uses.
 *
 * Written from the Armv7-M Architecture Reference Manual (DDI 0403E: B3 system address map, C1 debug) and the Cortex-M4
 * user guide. The device header includes this file after it has defined IRQn_Type and __NVIC_PRIO_BITS.
 */
#ifndef CORE_CM4_H
#define CORE_CM4_H

#include <stdint.h>

#include <cmsis_gcc.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
#define __I volatile
#else
#define __I volatile const
#endif
#define __O volatile
#define __IO volatile
#define __IM volatile const
#define __OM volatile
#define __IOM volatile

#define __CORTEX_M 4U
#define __CM4_CMSIS_VERSION_MAIN 5U
#define __CM4_CMSIS_VERSION_SUB 1U
#define __CM4_CMSIS_VERSION ((__CM4_CMSIS_VERSION_MAIN << 16U) | __CM4_CMSIS_VERSION_SUB)
#if defined(__ARM_FP)
#define __FPU_USED 1U
#else
#define __FPU_USED 0U
#endif

typedef union {
  struct {
    uint32_t _reserved0 : 16;
    uint32_t GE : 4;
    uint32_t _reserved1 : 7;
    uint32_t Q : 1;
    uint32_t V : 1;
    uint32_t C : 1;
    uint32_t Z : 1;
    uint32_t N : 1;
  } b;
  uint32_t w;
} APSR_Type;

typedef union {
  struct {
    uint32_t ISR : 9;
    uint32_t _reserved0 : 23;
  } b;
  uint32_t w;
} IPSR_Type;

typedef union {
  struct {
    uint32_t nPRIV : 1;
    uint32_t SPSEL : 1;
    uint32_t FPCA : 1;
    uint32_t _reserved0 : 29;
  } b;
  uint32_t w;
} CONTROL_Type;

typedef union {
  struct {
    uint32_t ISR : 9;
    uint32_t _reserved0 : 1;
    uint32_t ICI_IT_1 : 6;
    uint32_t GE : 4;
    uint32_t _reserved1 : 4;
    uint32_t T : 1;
    uint32_t ICI_IT_2 : 2;
    uint32_t Q : 1;
    uint32_t V : 1;
    uint32_t C : 1;
    uint32_t Z : 1;
    uint32_t N : 1;
  } b;
  uint32_t w;
} xPSR_Type;

#define CONTROL_nPRIV_Msk 0x1UL
#define CONTROL_SPSEL_Msk 0x2UL
#define CONTROL_FPCA_Msk 0x4UL
#define IPSR_ISR_Msk 0x1FFUL

typedef struct { /* B3.4 */
  __IOM uint32_t ISER[8];
  uint32_t RESERVED0[24];
  __IOM uint32_t ICER[8];
  uint32_t RESERVED1[24];
  __IOM uint32_t ISPR[8];
  uint32_t RESERVED2[24];
  __IOM uint32_t ICPR[8];
  uint32_t RESERVED3[24];
  __IOM uint32_t IABR[8];
  uint32_t RESERVED4[56];
  __IOM uint8_t IP[240];
  uint32_t RESERVED5[644];
  __OM uint32_t STIR;
} NVIC_Type;

typedef struct { /* B3.2 */
  __IM uint32_t CPUID;
  __IOM uint32_t ICSR;
  __IOM uint32_t VTOR;
  __IOM uint32_t AIRCR;
  __IOM uint32_t SCR;
  __IOM uint32_t CCR;
  union {
    __IOM uint8_t SHP[12];
    __IOM uint8_t SHPR[12]; /* its name since CMSIS 6 */
  };
  __IOM uint32_t SHCSR;
  __IOM uint32_t CFSR;
  __IOM uint32_t HFSR;
  __IOM uint32_t DFSR;
  __IOM uint32_t MMFAR;
  __IOM uint32_t BFAR;
  __IOM uint32_t AFSR;
  __IM uint32_t PFR[2];
  __IM uint32_t DFR;
  __IM uint32_t ADR;
  __IM uint32_t MMFR[4];
  __IM uint32_t ISAR[5];
  uint32_t RESERVED0[5];
  __IOM uint32_t CPACR;
} SCB_Type;

typedef struct {
  uint32_t RESERVED0[1];
  __IM uint32_t ICTR;
  __IOM uint32_t ACTLR;
} SCnSCB_Type;

typedef struct { /* B3.3 */
  __IOM uint32_t CTRL;
  __IOM uint32_t LOAD;
  __IOM uint32_t VAL;
  __IM uint32_t CALIB;
} SysTick_Type;

typedef struct { /* C1.7 */
  __OM union {
    __OM uint8_t u8;
    __OM uint16_t u16;
    __OM uint32_t u32;
  } PORT[32];
  uint32_t RESERVED0[864];
  __IOM uint32_t TER;
  uint32_t RESERVED1[15];
  __IOM uint32_t TPR;
  uint32_t RESERVED2[15];
  __IOM uint32_t TCR;
  uint32_t RESERVED3[75];
  __OM uint32_t LAR;
  __IM uint32_t LSR;
} ITM_Type;

typedef struct { /* C1.8 */
  __IOM uint32_t CTRL;
  __IOM uint32_t CYCCNT;
  __IOM uint32_t CPICNT;
  __IOM uint32_t EXCCNT;
  __IOM uint32_t SLEEPCNT;
  __IOM uint32_t LSUCNT;
  __IOM uint32_t FOLDCNT;
  __IM uint32_t PCSR;
  __IOM uint32_t COMP0, MASK0, FUNCTION0;
  uint32_t RESERVED0[1];
  __IOM uint32_t COMP1, MASK1, FUNCTION1;
  uint32_t RESERVED1[1];
  __IOM uint32_t COMP2, MASK2, FUNCTION2;
  uint32_t RESERVED2[1];
  __IOM uint32_t COMP3, MASK3, FUNCTION3;
  uint32_t RESERVED3[981];
  __OM uint32_t LAR;
  __IM uint32_t LSR;
} DWT_Type;

typedef struct { /* C1.10 */
  __IM uint32_t SSPSR;
  __IOM uint32_t CSPSR;
  uint32_t RESERVED0[2];
  __IOM uint32_t ACPR;
  uint32_t RESERVED1[55];
  __IOM uint32_t SPPR;
  uint32_t RESERVED2[131];
  __IM uint32_t FFSR;
  __IOM uint32_t FFCR;
} TPI_Type;

typedef struct { /* B3.5 */
  __IM uint32_t TYPE;
  __IOM uint32_t CTRL;
  __IOM uint32_t RNR;
  __IOM uint32_t RBAR;
  __IOM uint32_t RASR;
  __IOM uint32_t RBAR_A1, RASR_A1;
  __IOM uint32_t RBAR_A2, RASR_A2;
  __IOM uint32_t RBAR_A3, RASR_A3;
} MPU_Type;

typedef struct { /* B3.2.21 .. B3.2.24 */
  uint32_t RESERVED0[1];
  __IOM uint32_t FPCCR;
  __IOM uint32_t FPCAR;
  __IOM uint32_t FPDSCR;
  __IM uint32_t MVFR0;
  __IM uint32_t MVFR1;
} FPU_Type;

typedef struct { /* C1.6 */
  __IOM uint32_t DHCSR;
  __OM uint32_t DCRSR;
  __IOM uint32_t DCRDR;
  __IOM uint32_t DEMCR;
} CoreDebug_Type;

/* What LR holds in a handler (B1.5.8). */
#define EXC_RETURN_HANDLER 0xFFFFFFF1UL
#define EXC_RETURN_THREAD_MSP 0xFFFFFFF9UL
#define EXC_RETURN_THREAD_PSP 0xFFFFFFFDUL
#define EXC_RETURN_HANDLER_FPU 0xFFFFFFE1UL
#define EXC_RETURN_THREAD_MSP_FPU 0xFFFFFFE9UL
#define EXC_RETURN_THREAD_PSP_FPU 0xFFFFFFEDUL

#define NVIC_USER_IRQ_OFFSET 16

#define SCS_BASE 0xE000E000UL
#define ITM_BASE 0xE0000000UL
#define DWT_BASE 0xE0001000UL
#define TPI_BASE 0xE0040000UL
#define CoreDebug_BASE 0xE000EDF0UL
#define SysTick_BASE (SCS_BASE + 0x0010UL)
#define NVIC_BASE (SCS_BASE + 0x0100UL)
#define SCB_BASE (SCS_BASE + 0x0D00UL)
#define MPU_BASE (SCS_BASE + 0x0D90UL)
#define FPU_BASE (SCS_BASE + 0x0F30UL)

#define SCnSCB ((SCnSCB_Type *)SCS_BASE)
#define SCB ((SCB_Type *)SCB_BASE)
#define SysTick ((SysTick_Type *)SysTick_BASE)
#define NVIC ((NVIC_Type *)NVIC_BASE)
#define ITM ((ITM_Type *)ITM_BASE)
#define DWT ((DWT_Type *)DWT_BASE)
#define TPI ((TPI_Type *)TPI_BASE)
#define CoreDebug ((CoreDebug_Type *)CoreDebug_BASE)
#define MPU ((MPU_Type *)MPU_BASE)
#define FPU ((FPU_Type *)FPU_BASE)

#include "core_cm4_bits.h"

#define _VAL2FLD(field, value) (((uint32_t)(value) << field##_Pos) & field##_Msk)
#define _FLD2VAL(field, value) (((uint32_t)(value) & field##_Msk) >> field##_Pos)

/* Interrupt numbers below 0 are the core's own exceptions: their priorities are in SHP, from exception 4 on. */

__STATIC_INLINE void NVIC_SetPriorityGrouping(uint32_t group) {
  uint32_t kept = SCB->AIRCR & ~(SCB_AIRCR_VECTKEY_Msk | SCB_AIRCR_PRIGROUP_Msk);
  SCB->AIRCR = kept | (0x5FAUL << SCB_AIRCR_VECTKEY_Pos) | ((group & 7UL) << SCB_AIRCR_PRIGROUP_Pos);
}

__STATIC_INLINE uint32_t NVIC_GetPriorityGrouping(void) {
  return (SCB->AIRCR & SCB_AIRCR_PRIGROUP_Msk) >> SCB_AIRCR_PRIGROUP_Pos;
}

__STATIC_INLINE void NVIC_EnableIRQ(IRQn_Type irq) {
  if ((int32_t)irq >= 0) {
    __COMPILER_BARRIER();
    NVIC->ISER[(uint32_t)irq >> 5] = 1UL << ((uint32_t)irq & 31UL);
    __COMPILER_BARRIER();
  }
}

__STATIC_INLINE uint32_t NVIC_GetEnableIRQ(IRQn_Type irq) {
  return (int32_t)irq >= 0 ? (NVIC->ISER[(uint32_t)irq >> 5] >> ((uint32_t)irq & 31UL)) & 1UL : 0UL;
}

__STATIC_INLINE void NVIC_DisableIRQ(IRQn_Type irq) {
  if ((int32_t)irq >= 0) {
    NVIC->ICER[(uint32_t)irq >> 5] = 1UL << ((uint32_t)irq & 31UL);
    __DSB();
    __ISB();
  }
}

__STATIC_INLINE uint32_t NVIC_GetPendingIRQ(IRQn_Type irq) {
  return (int32_t)irq >= 0 ? (NVIC->ISPR[(uint32_t)irq >> 5] >> ((uint32_t)irq & 31UL)) & 1UL : 0UL;
}

__STATIC_INLINE void NVIC_SetPendingIRQ(IRQn_Type irq) {
  if ((int32_t)irq >= 0) NVIC->ISPR[(uint32_t)irq >> 5] = 1UL << ((uint32_t)irq & 31UL);
}

__STATIC_INLINE void NVIC_ClearPendingIRQ(IRQn_Type irq) {
  if ((int32_t)irq >= 0) NVIC->ICPR[(uint32_t)irq >> 5] = 1UL << ((uint32_t)irq & 31UL);
}

__STATIC_INLINE uint32_t NVIC_GetActive(IRQn_Type irq) {
  return (int32_t)irq >= 0 ? (NVIC->IABR[(uint32_t)irq >> 5] >> ((uint32_t)irq & 31UL)) & 1UL : 0UL;
}

__STATIC_INLINE void NVIC_SetPriority(IRQn_Type irq, uint32_t priority) {
  uint8_t value = (uint8_t)(priority << (8U - __NVIC_PRIO_BITS));
  if ((int32_t)irq >= 0) {
    NVIC->IP[(uint32_t)irq] = value;
  } else {
    SCB->SHP[((uint32_t)irq & 15UL) - 4UL] = value;
  }
}

__STATIC_INLINE uint32_t NVIC_GetPriority(IRQn_Type irq) {
  uint32_t value = (int32_t)irq >= 0 ? NVIC->IP[(uint32_t)irq] : SCB->SHP[((uint32_t)irq & 15UL) - 4UL];
  return value >> (8U - __NVIC_PRIO_BITS);
}

/* How many of the priority bits preempt and how many only order, for a grouping (B1.5.4). */
__STATIC_INLINE uint32_t nvic_preempt_bits(uint32_t group) {
  return 7UL - (group & 7UL) > __NVIC_PRIO_BITS ? __NVIC_PRIO_BITS : 7UL - (group & 7UL);
}

__STATIC_INLINE uint32_t nvic_sub_bits(uint32_t group) { return __NVIC_PRIO_BITS - nvic_preempt_bits(group); }

__STATIC_INLINE uint32_t NVIC_EncodePriority(uint32_t group, uint32_t preempt, uint32_t sub) {
  uint32_t low = nvic_sub_bits(group);
  return ((preempt & ((1UL << nvic_preempt_bits(group)) - 1UL)) << low) | (sub & ((1UL << low) - 1UL));
}

__STATIC_INLINE void NVIC_DecodePriority(uint32_t priority, uint32_t group, uint32_t *preempt, uint32_t *sub) {
  uint32_t low = nvic_sub_bits(group);
  *preempt = (priority >> low) & ((1UL << nvic_preempt_bits(group)) - 1UL);
  *sub = priority & ((1UL << low) - 1UL);
}

__STATIC_INLINE void NVIC_SetVector(IRQn_Type irq, uint32_t vector) {
  ((volatile uint32_t *)SCB->VTOR)[(int32_t)irq + 16] = vector;
  __DSB();
}

__STATIC_INLINE uint32_t NVIC_GetVector(IRQn_Type irq) { return ((volatile uint32_t *)SCB->VTOR)[(int32_t)irq + 16]; }

__attribute__((noreturn)) __STATIC_INLINE void NVIC_SystemReset(void) {
  __DSB();
  SCB->AIRCR = (0x5FAUL << SCB_AIRCR_VECTKEY_Pos) | (SCB->AIRCR & SCB_AIRCR_PRIGROUP_Msk) | SCB_AIRCR_SYSRESETREQ_Msk;
  __DSB();
  for (;;) __NOP();
}

#define __NVIC_SetPriorityGrouping NVIC_SetPriorityGrouping
#define __NVIC_GetPriorityGrouping NVIC_GetPriorityGrouping
#define __NVIC_EnableIRQ NVIC_EnableIRQ
#define __NVIC_GetEnableIRQ NVIC_GetEnableIRQ
#define __NVIC_DisableIRQ NVIC_DisableIRQ
#define __NVIC_GetPendingIRQ NVIC_GetPendingIRQ
#define __NVIC_SetPendingIRQ NVIC_SetPendingIRQ
#define __NVIC_ClearPendingIRQ NVIC_ClearPendingIRQ
#define __NVIC_GetActive NVIC_GetActive
#define __NVIC_SetPriority NVIC_SetPriority
#define __NVIC_GetPriority NVIC_GetPriority
#define __NVIC_SystemReset NVIC_SystemReset

/* Starts SysTick with an interrupt every `ticks` cycles at the lowest priority; 1 if that does not fit in 24 bits. */
__STATIC_INLINE uint32_t SysTick_Config(uint32_t ticks) {
  if (ticks - 1UL > SysTick_LOAD_RELOAD_Msk) return 1UL;
  SysTick->LOAD = ticks - 1UL;
  NVIC_SetPriority(SysTick_IRQn, (1UL << __NVIC_PRIO_BITS) - 1UL);
  SysTick->VAL = 0UL;
  SysTick->CTRL = SysTick_CTRL_CLKSOURCE_Msk | SysTick_CTRL_TICKINT_Msk | SysTick_CTRL_ENABLE_Msk;
  return 0UL;
}

#define ITM_RXBUFFER_EMPTY ((int32_t)0x5AA55AA5U)

/* Sends a character over stimulus port 0 if a debugger has switched it on. */
__STATIC_INLINE uint32_t ITM_SendChar(uint32_t character) {
  if ((ITM->TCR & ITM_TCR_ITMENA_Msk) != 0UL && (ITM->TER & 1UL) != 0UL) {
    while (ITM->PORT[0].u32 == 0UL) __NOP();
    ITM->PORT[0].u8 = (uint8_t)character;
  }
  return character;
}

/* What a debugger has written for the firmware to read; a firmware that reads it defines it. */
extern volatile int32_t ITM_RxBuffer;

/* The character in it, or -1. */
__STATIC_INLINE int32_t ITM_ReceiveChar(void) {
  int32_t character = ITM_RxBuffer;
  if (character == ITM_RXBUFFER_EMPTY) return -1;
  ITM_RxBuffer = ITM_RXBUFFER_EMPTY;
  return character;
}

__STATIC_INLINE int32_t ITM_CheckChar(void) { return ITM_RxBuffer == ITM_RXBUFFER_EMPTY ? 0 : 1; }

__STATIC_INLINE uint32_t SCB_GetFPUType(void) { return (FPU->MVFR0 & 0xFF0UL) == 0x020UL ? 1UL : 0UL; }

#if defined(__MPU_PRESENT) && (__MPU_PRESENT == 1U)
#include "mpu_armv7.h"
#endif

#ifdef __cplusplus
}
#endif

#endif
