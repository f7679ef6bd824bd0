/* WFE three ways: an event set by SEV, a pin event through EXTI_EMR without any interrupt, and SEVONPEND with a timer
 * whose interrupt stays disabled in the NVIC. */
#include "stm32f4xx.h"

volatile uint32_t stage;

static void wait_pin_event(void)
{
    EXTI->EMR |= EXTI_EMR_MR1;
    EXTI->RTSR |= EXTI_RTSR_TR1;
    __WFE();
    EXTI->EMR &= ~EXTI_EMR_MR1;
}

static void wait_timer_pending(void)
{
    TIM7->PSC = 15999;
    TIM7->ARR = 9;
    TIM7->EGR = TIM_EGR_UG;
    TIM7->SR = 0;
    NVIC_ClearPendingIRQ(TIM7_IRQn);
    SCB->SCR |= SCB_SCR_SEVONPEND_Msk;
    TIM7->DIER = TIM_DIER_UIE;
    TIM7->CR1 = TIM_CR1_CEN;
    do {
        __WFE();
    } while (!(TIM7->SR & TIM_SR_UIF));
    TIM7->CR1 = 0;
    TIM7->SR = 0;
    NVIC_ClearPendingIRQ(TIM7_IRQn);
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM7EN;
    RCC->APB2ENR |= RCC_APB2ENR_SYSCFGEN;
    GPIOA->PUPDR |= 2u << 2;
    GPIOB->MODER |= 1u << 0;
    SYSCFG->EXTICR[0] &= ~SYSCFG_EXTICR1_EXTI1;     /* PA1 */

    GPIOB->BSRR = 1;
    __SEV();
    __WFE();                                        /* takes the event at once */
    stage = 1;
    wait_pin_event();                               /* at 10 ms */
    stage = 2;
    GPIOB->BSRR = 1u << 16;
    wait_timer_pending();                           /* 10 ms later */
    GPIOB->BSRR = 1;
    stage = 3;
    for (;;)
        __WFE();
}
