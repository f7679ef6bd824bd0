/* Lines 7, 9 and 12, 13 share two vectors; each has its own port and edge, so each flag is looked at and cleared alone. */
#include "stm32f4xx.h"

typedef struct {
    GPIO_TypeDef *port;
    uint8_t port_number;      /* A = 0, B = 1 ... as SYSCFG_EXTICR wants it */
    uint8_t line;
    uint8_t rising;
    uint8_t falling;
} line_t;

static const line_t lines[] = {
    {GPIOB, 1, 7, 1, 0},
    {GPIOC, 2, 9, 0, 1},
    {GPIOE, 4, 12, 1, 1},
    {GPIOD, 3, 13, 1, 0},
};

volatile uint32_t counts[16];

static void serve(uint32_t from, uint32_t to)
{
    for (uint32_t n = from; n <= to; n++) {
        uint32_t mask = 1u << n;
        if (EXTI->PR & EXTI->IMR & mask) {
            EXTI->PR = mask;
            counts[n]++;
        }
    }
}

void EXTI9_5_IRQHandler(void)   { serve(5, 9); }
void EXTI15_10_IRQHandler(void) { serve(10, 15); }

static void line_init(const line_t *l)
{
    uint32_t shift = (l->line % 4u) * 4u;
    l->port->MODER &= ~(3u << (2u * l->line));
    l->port->PUPDR |= (l->falling && !l->rising ? 1u : 2u) << (2u * l->line);
    SYSCFG->EXTICR[l->line / 4u] = (SYSCFG->EXTICR[l->line / 4u] & ~(15u << shift)) | ((uint32_t)l->port_number << shift);
    if (l->rising)
        EXTI->RTSR |= 1u << l->line;
    if (l->falling)
        EXTI->FTSR |= 1u << l->line;
    EXTI->IMR |= 1u << l->line;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN | RCC_AHB1ENR_GPIOCEN | RCC_AHB1ENR_GPIODEN | RCC_AHB1ENR_GPIOEEN;
    RCC->APB2ENR |= RCC_APB2ENR_SYSCFGEN;
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
        line_init(&lines[i]);
    EXTI->PR = 0x7FFFFFu;                  /* changing pulls can latch an edge */
    NVIC_EnableIRQ(EXTI9_5_IRQn);
    NVIC_EnableIRQ(EXTI15_10_IRQn);
    while (1)
        __WFI();
}
