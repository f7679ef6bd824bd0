/* A read beyond SRAM becomes a HardFault (the bus fault is not enabled); the handler prints the stacked frame. */
#include "stm32f4xx.h"

typedef struct { uint32_t r0, r1, r2, r3, r12, lr, pc, psr; } frame_t;

volatile frame_t last_frame;
volatile uint32_t last_hfsr, last_cfsr, last_bfar;

static void put(char c)
{
    while (!(USART2->SR & USART_SR_TXE)) { }
    USART2->DR = (uint8_t)c;
}

static void put_field(const char *name, uint32_t value)
{
    while (*name)
        put(*name++);
    for (int i = 28; i >= 0; i -= 4)
        put("0123456789ABCDEF"[(value >> i) & 15]);
    put('\n');
}

__attribute__((used, noreturn)) void fault_report(const frame_t *frame)
{
    last_frame = *frame;
    last_hfsr = SCB->HFSR;
    last_cfsr = SCB->CFSR;
    last_bfar = SCB->BFAR;
    put_field("R0=", frame->r0);
    put_field("HFSR=", last_hfsr);
    put_field("CFSR=", last_cfsr);
    put_field("BFAR=", last_bfar);
    put('.');
    for (;;) { }
}

__attribute__((naked)) void HardFault_Handler(void)
{
    __asm volatile(
        "tst   lr, #4        \n"
        "ite   eq            \n"
        "mrseq r0, msp       \n"
        "mrsne r0, psp       \n"
        "b     fault_report  \n");
}

__attribute__((noipa)) static uint32_t probe(uint32_t address)
{
    return *(volatile uint32_t *)address;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    GPIOA->AFR[0] |= 7u << 8;
    GPIOA->MODER |= 2u << 4;
    USART2->BRR = 139;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;
    put('>');
    probe(0x20020000u);
    put('?');
    for (;;) { }
}
