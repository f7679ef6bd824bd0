/* Vector table and what runs between reset and main (Armv7-M manual B1.5.3; RM0090 12.2, table 61).
 *
 * Every handler is weak: a firmware replaces one by defining a function of that name. Those left out lead to
 * Default_Handler, a loop in which IPSR tells the exception that had no handler.
 *
 * This file includes no device header: the interrupts' names below would be expanded as the peripherals' macros.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef void (*vector)(void);

extern char _estack[], _sidata[], _sdata[], _edata[], _sbss[], _ebss[];
/* Null where a linker script has no section for the CCM. */
extern char _siccmram[] __attribute__((weak)), _sccmram[] __attribute__((weak)), _eccmram[] __attribute__((weak));
extern void SystemInit(void);
extern void __libc_init_array(void);
extern int main(void);

void Default_Handler(void);
__attribute__((noreturn)) void Reset_Handler(void);

#define COMMA ,
#define EXCEPTIONS(X, none)                                                                                       \
  X(NMI_Handler) X(HardFault_Handler) X(MemManage_Handler) X(BusFault_Handler) X(UsageFault_Handler) none none    \
  none none X(SVC_Handler) X(DebugMon_Handler) none X(PendSV_Handler) X(SysTick_Handler)

#define INTERRUPTS(X)                                                                                             \
  X(WWDG) X(PVD) X(TAMP_STAMP) X(RTC_WKUP) X(FLASH) X(RCC) X(EXTI0) X(EXTI1) X(EXTI2) X(EXTI3) X(EXTI4)           \
  X(DMA1_Stream0) X(DMA1_Stream1) X(DMA1_Stream2) X(DMA1_Stream3) X(DMA1_Stream4) X(DMA1_Stream5)                 \
  X(DMA1_Stream6) X(ADC) X(CAN1_TX) X(CAN1_RX0) X(CAN1_RX1) X(CAN1_SCE) X(EXTI9_5) X(TIM1_BRK_TIM9)               \
  X(TIM1_UP_TIM10) X(TIM1_TRG_COM_TIM11) X(TIM1_CC) X(TIM2) X(TIM3) X(TIM4) X(I2C1_EV) X(I2C1_ER) X(I2C2_EV)      \
  X(I2C2_ER) X(SPI1) X(SPI2) X(USART1) X(USART2) X(USART3) X(EXTI15_10) X(RTC_Alarm) X(OTG_FS_WKUP)               \
  X(TIM8_BRK_TIM12) X(TIM8_UP_TIM13) X(TIM8_TRG_COM_TIM14) X(TIM8_CC) X(DMA1_Stream7) X(FSMC) X(SDIO) X(TIM5)     \
  X(SPI3) X(UART4) X(UART5) X(TIM6_DAC) X(TIM7) X(DMA2_Stream0) X(DMA2_Stream1) X(DMA2_Stream2) X(DMA2_Stream3)   \
  X(DMA2_Stream4) X(ETH) X(ETH_WKUP) X(CAN2_TX) X(CAN2_RX0) X(CAN2_RX1) X(CAN2_SCE) X(OTG_FS) X(DMA2_Stream5)     \
  X(DMA2_Stream6) X(DMA2_Stream7) X(USART6) X(I2C3_EV) X(I2C3_ER) X(OTG_HS_EP1_OUT) X(OTG_HS_EP1_IN)              \
  X(OTG_HS_WKUP) X(OTG_HS) X(DCMI) X(CRYP) X(HASH_RNG) X(FPU)

#define WEAK_EXCEPTION(name) void name(void) __attribute__((weak, alias("Default_Handler")));
#define WEAK_INTERRUPT(name) WEAK_EXCEPTION(name##_IRQHandler)
#define EXCEPTION_ROW(name) name,
#define INTERRUPT_ROW(name) name##_IRQHandler,

EXCEPTIONS(WEAK_EXCEPTION, )
INTERRUPTS(WEAK_INTERRUPT)

__attribute__((section(".isr_vector"), used)) const vector g_pfnVectors[16 + 82] = {
    (vector)(uintptr_t)_estack,
    Reset_Handler,
    EXCEPTIONS(EXCEPTION_ROW, NULL COMMA)
    INTERRUPTS(INTERRUPT_ROW)
};

/* An exception that nobody handles ends here. */
void Default_Handler(void) {
  for (;;) {
  }
}

/* Initial values of .data and .ccmram from flash, zeros for .bss, then the C library and main. */
void Reset_Handler(void) {
  memcpy(_sdata, _sidata, (size_t)(_edata - _sdata));
  if (_siccmram != NULL) memcpy(_sccmram, _siccmram, (size_t)(_eccmram - _sccmram));
  memset(_sbss, 0, (size_t)(_ebss - _sbss));
  SystemInit();
  __libc_init_array();
  main();
  for (;;) {
  }
}
