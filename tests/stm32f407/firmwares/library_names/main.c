/* Names of the device header that libraries ask for: which units can do what, the clocks' limits, words at any address. */
#include "stm32f4xx.h"

#define TIM_CHANNEL_1 0x0U
#define TIM_CHANNEL_2 0x4U
#define TIM_CHANNEL_3 0x8U
#define TIM_CHANNEL_4 0xCU

_Static_assert(RCC_MAX_FREQUENCY == 168000000 && RCC_PLLVCO_OUTPUT_MAX == 432000000 && RCC_PLLN_MIN_VALUE == 50, "clocks");
_Static_assert(FLASH_SCALE1_LATENCY5_FREQ == 150000000 && FLASH_SCALE2_LATENCY4_FREQ == 120000000, "wait states");
_Static_assert(FMC_IRQn == FSMC_IRQn && RTC_BKP_NUMBER == 20 && USB_OTG_FS_TOTAL_FIFO_SIZE == 1280, "others");
_Static_assert(USB_OTG_PKTSTS == USB_OTG_GRXSTSP_PKTSTS && ETH_MACMIIAR_CR_Div102 == 0x10, "buses");
_Static_assert(EXC_RETURN_THREAD_PSP == 0xFFFFFFFDUL && FLASH_KEY1 == 0x45670123UL, "core and flash");
#if !defined(RCC_PLLI2S_SUPPORT) || !defined(ADC_MULTIMODE_SUPPORT) || defined(RCC_DCKCFGR_TIMPRE)
#error "features of this chip"
#endif

static TIM_TypeDef *const timers[] = {TIM1, TIM2, TIM3, TIM4, TIM5, TIM6, TIM7, TIM8, TIM9, TIM10, TIM11, TIM12, TIM13, TIM14};
volatile uint32_t channels, slaves, masters, breaks, wide, complementary, synchronous, unaligned;
uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};

int main(void)
{
    for (uint32_t n = 0; n < sizeof timers / sizeof *timers; n++) {
        TIM_TypeDef *timer = timers[n];
        channels += IS_TIM_CCX_INSTANCE(timer, TIM_CHANNEL_1) + IS_TIM_CCX_INSTANCE(timer, TIM_CHANNEL_2) +
                    IS_TIM_CCX_INSTANCE(timer, TIM_CHANNEL_3) + IS_TIM_CCX_INSTANCE(timer, TIM_CHANNEL_4);
        complementary += IS_TIM_CCXN_INSTANCE(timer, TIM_CHANNEL_3);
        slaves |= (uint32_t)IS_TIM_SLAVE_INSTANCE(timer) << (n + 1);
        masters |= (uint32_t)IS_TIM_MASTER_INSTANCE(timer) << (n + 1);
        breaks |= (uint32_t)IS_TIM_BREAK_INSTANCE(timer) << (n + 1);
        wide |= (uint32_t)IS_TIM_32B_COUNTER_INSTANCE(timer) << (n + 1);
    }
    synchronous = IS_USART_INSTANCE(USART6) + IS_USART_INSTANCE(UART4) + IS_UART_INSTANCE(UART4) + IS_SPI_ALL_INSTANCE(I2S2ext);
    unaligned = __UNALIGNED_UINT32_READ(bytes + 1);
    __UNALIGNED_UINT16_WRITE(bytes + 5, 0xABCD);
    for (;;) {
    }
}
