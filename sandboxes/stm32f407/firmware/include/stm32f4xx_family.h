/* What the standard peripheral library names for every chip of the family, whichever it is built for: units, registers and
   bits that the STM32F407 has not (RM0090 for the STM32F42x and F43x). Included for that library alone, whose functions for
   them compile with this and are not called. */
#ifndef STM32F4XX_FAMILY_H
#define STM32F4XX_FAMILY_H

#define UART7_BASE 0x40007800UL
#define UART8_BASE 0x40007C00UL
#define SPI4_BASE 0x40013400UL
#define SPI5_BASE 0x40015000UL
#define SPI6_BASE 0x40015400UL
#define GPIOJ_BASE 0x40022800UL
#define GPIOK_BASE 0x40022C00UL
#define UART7 ((USART_TypeDef *)UART7_BASE)
#define UART8 ((USART_TypeDef *)UART8_BASE)
#define SPI4 ((SPI_TypeDef *)SPI4_BASE)
#define SPI5 ((SPI_TypeDef *)SPI5_BASE)
#define SPI6 ((SPI_TypeDef *)SPI6_BASE)
#define GPIOJ ((GPIO_TypeDef *)GPIOJ_BASE)
#define GPIOK ((GPIO_TypeDef *)GPIOK_BASE)

/* The library's older names of the memory controller's banks, and of units that share a structure here. */
#define FSMC_Bank2 FSMC_Bank2_3
#define FSMC_Bank3 FSMC_Bank2_3

/* 6.3: PLL for SAI, and dedicated clocks. */
#define RCC_CR_PLLSAION 0x10000000UL
#define RCC_CR_PLLSAIRDY 0x20000000UL
#define RCC_PLLSAICFGR_PLLSAIN 0x00007FC0UL
#define RCC_PLLSAICFGR_PLLSAIQ 0x0F000000UL
#define RCC_PLLSAICFGR_PLLSAIR 0x70000000UL
#define RCC_PLLI2SCFGR_PLLI2SQ 0x0F000000UL
#define RCC_DCKCFGR_PLLI2SDIVQ 0x0000001FUL
#define RCC_DCKCFGR_PLLSAIDIVQ 0x00001F00UL
#define RCC_DCKCFGR_PLLSAIDIVR 0x00030000UL
#define RCC_DCKCFGR_SAI1ASRC 0x00300000UL
#define RCC_DCKCFGR_SAI1BSRC 0x00C00000UL
#define RCC_DCKCFGR_TIMPRE 0x01000000UL

/* 5.5: over-drive and under-drive. */
#define PWR_CR_ADCDC1 0x00002000UL
#define PWR_CR_LPLVDS 0x00000400UL
#define PWR_CR_MRLVDS 0x00000800UL
#define PWR_CR_LPUDS 0x00000400UL
#define PWR_CR_MRUDS 0x00000800UL
#define PWR_CR_ODEN 0x00010000UL
#define PWR_CR_ODSWEN 0x00020000UL
#define PWR_CR_UDEN 0x000C0000UL
#define PWR_CSR_ODRDY 0x00010000UL
#define PWR_CSR_ODSWRDY 0x00020000UL
#define PWR_CSR_UDSWRDY 0x000C0000UL

/* 3.9.8: the second bank. */
#define FLASH_CR_MER1 FLASH_CR_MER
#define FLASH_CR_MER2 0x00008000UL
#define FLASH_SR_RDERR 0x00000100UL

/* 27.6.10: the noise filter. */
#define I2C_FLTR_DNF 0x0000000FUL
#define I2C_FLTR_ANOFF 0x00000010UL

#define SYSCFG_MEMRMP_UFB_MODE 0x00000100UL
#define SYSCFG_MEMRMP_FB_MODE 0x00000100UL

#endif
