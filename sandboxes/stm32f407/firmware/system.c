/* SystemInit, SystemCoreClock and SystemCoreClockUpdate. All weak: sources that bring their own replace them. */
#include "stm32f4xx.h"

__WEAK uint32_t SystemCoreClock = HSI_VALUE;
__WEAK const uint8_t AHBPrescTable[16] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 6, 7, 8, 9}; /* RM0090 7.3.3, HPRE */
__WEAK const uint8_t APBPrescTable[8] = {0, 0, 0, 0, 1, 2, 3, 4};                          /* RM0090 7.3.3, PPREx */

/* Gives all code access to the FPU (Armv7-M B3.2.20) and points VTOR to the table in flash. The clock is left alone. */
__WEAK void SystemInit(void) {
  SCB->CPACR |= 0xFUL << 20;
  SCB->VTOR = FLASH_BASE;
}

/* RM0090 7.3.2: SYSCLK = source / M * N / P. */
static uint32_t pll_output(void) {
  uint32_t pll = RCC->PLLCFGR;
  uint32_t source = (pll & RCC_PLLCFGR_PLLSRC) ? HSE_VALUE : HSI_VALUE;
  uint32_t m = (pll & RCC_PLLCFGR_PLLM) >> RCC_PLLCFGR_PLLM_Pos;
  uint32_t n = (pll & RCC_PLLCFGR_PLLN) >> RCC_PLLCFGR_PLLN_Pos;
  uint32_t p = (((pll & RCC_PLLCFGR_PLLP) >> RCC_PLLCFGR_PLLP_Pos) + 1) * 2;
  return m == 0 ? 0 : (uint32_t)((uint64_t)source * n / m / p);
}

__WEAK void SystemCoreClockUpdate(void) {
  uint32_t source = RCC->CFGR & RCC_CFGR_SWS;
  uint32_t clock = source == RCC_CFGR_SWS_PLL ? pll_output() : source == RCC_CFGR_SWS_HSE ? HSE_VALUE : HSI_VALUE;
  SystemCoreClock = clock >> AHBPrescTable[(RCC->CFGR & RCC_CFGR_HPRE) >> RCC_CFGR_HPRE_Pos];
}
