// servo_pwm
#include "stm32f4xx.h"

typedef struct {
    TIM_TypeDef *timer;
    volatile uint32_t *compare;
} servo_t;

static const servo_t servo = {TIM3, &TIM3->CCR1};
static volatile uint32_t uptime_ms;

void SysTick_Handler(void) { uptime_ms++; }

static void servo_set_us(const servo_t *s, uint32_t us)
{
    *s->compare = us * 2u;                      /* half microseconds */
}

static void servo_start(const servo_t *s)
{
    s->timer->PSC = SystemCoreClock / 2000000u - 1u;
    s->timer->ARR = 40000u - 1u;
    s->timer->CCMR1 = (6u << TIM_CCMR1_OC1M_Pos) | TIM_CCMR1_OC1PE;
    s->timer->CCER |= TIM_CCER_CC1E;
    servo_set_us(s, 1500);
    s->timer->EGR = TIM_EGR_UG;
    s->timer->CR1 |= TIM_CR1_CEN;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOCEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM3EN;
    servo_start(&servo);
    GPIOC->AFR[0] = (GPIOC->AFR[0] & ~GPIO_AFRL_AFSEL6) | (2u << GPIO_AFRL_AFSEL6_Pos);
    GPIOC->MODER = (GPIOC->MODER & ~GPIO_MODER_MODE6) | GPIO_MODER_MODE6_1;
    SysTick_Config(SystemCoreClock / 1000u);
    while (uptime_ms < 100u)
        __WFI();
    servo_set_us(&servo, 2000);
    for (;;)
        __WFI();
}
