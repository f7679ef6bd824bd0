/* A producer at its own pace, a timer interrupt that sends too, and a consumer that adds everything up. */
#include "os.h"
#include "stm32f4xx.h"

static queue_t queue;
static tcb_t producer_tcb, consumer_tcb;
static uint32_t producer_stack[96] __attribute__((aligned(8)));
static uint32_t consumer_stack[20] __attribute__((aligned(8)));
volatile uint32_t sent, received, sum, from_isr, order_errors;

static void producer(void)
{
    for (uint32_t burst = 0; burst < 4u; burst++) {
        for (uint32_t i = 0; i < 6u; i++)
            os_send(&queue, ++sent);
        os_delay(5);
    }
    for (;;)
        os_delay(1000);
}

static void consumer(void)
{
    uint32_t last = 0;
    for (;;) {
        uint32_t item = os_receive(&queue);
        if (item >= 1000u) {
            from_isr++;
            continue;
        }
        if (item != last + 1u)
            order_errors++;
        last = item;
        sum += item;
        received++;
    }
}

void TIM7_IRQHandler(void)
{
    TIM7->SR = 0;
    (void)os_send_from_isr(&queue, 1000u);
}

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_TIM7EN;
    TIM7->PSC = 159;
    TIM7->ARR = 299;                 /* 3 ms */
    TIM7->DIER = 1;
    NVIC_SetPriority(TIM7_IRQn, 6);
    NVIC_EnableIRQ(TIM7_IRQn);
    TIM7->CR1 = 1;

    os_task(&producer_tcb, producer, producer_stack, 96, 2);
    os_task(&consumer_tcb, consumer, consumer_stack, 20, 1);
    os_run();
}
