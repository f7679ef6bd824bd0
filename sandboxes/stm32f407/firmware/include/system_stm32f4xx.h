/* The clock's variables and functions that CMSIS-style code expects. */
#ifndef ASSAY_SYSTEM_STM32F4XX_H /* sources may bring a header of the same name beside this one */
#define ASSAY_SYSTEM_STM32F4XX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* HCLK in Hz as last computed by SystemCoreClockUpdate (16 MHz after reset). */
extern uint32_t SystemCoreClock;
/* Right shifts for the codes of RCC_CFGR.HPRE and RCC_CFGR.PPREx; ST's older sources define them with another type. */
#ifndef ASSAY_OWN_PRESCALER_TABLES
extern const uint8_t AHBPrescTable[16];
extern const uint8_t APBPrescTable[8];
#endif

/* Called by the startup code before main: opens the FPU and sets the vector table; the clock stays HSI. */
void SystemInit(void);
/* Reads RCC and sets SystemCoreClock. */
void SystemCoreClockUpdate(void);

#ifdef __cplusplus
}
#endif

#endif
