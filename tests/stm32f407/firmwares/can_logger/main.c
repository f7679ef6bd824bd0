/* A node listens at 500 kbit/s (42 MHz of APB1): the frames that a filter lets in are counted by an interrupt, one of them is answered. */
#include "stm32f4xx.h"

volatile uint32_t seen, total, echoed, remote;

static void clock_168(void)
{
    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) {
    }
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    PWR->CR |= PWR_CR_VOS;
    RCC->PLLCFGR = 8u | (336u << 6) | (0u << 16) | RCC_PLLCFGR_PLLSRC_HSE | (7u << 24);
    RCC->CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) {
    }
    FLASH->ACR = FLASH_ACR_ICEN | FLASH_ACR_DCEN | FLASH_ACR_PRFTEN | FLASH_ACR_LATENCY_5WS;
    RCC->CFGR |= RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) {
    }
}

void CAN1_RX1_IRQHandler(void)
{
    uint32_t identifier = CAN1->sFIFOMailBox[1].RIR >> 21;
    uint32_t length = CAN1->sFIFOMailBox[1].RDTR & 15u;
    uint32_t low = CAN1->sFIFOMailBox[1].RDLR;
    CAN1->RF1R |= CAN_RF1R_RFOM1;
    seen++;
    for (uint32_t i = 0; i < length && i < 4u; i++)
        total += low >> 8 * i & 0xFFu;
    if (identifier == 0x101u) {
        CAN1->sTxMailBox[0].TDTR = length;
        CAN1->sTxMailBox[0].TDLR = low + 1u;
        CAN1->sTxMailBox[0].TIR = (0x181u << 21) | CAN_TI0R_TXRQ;
    }
}

int main(void)
{
    clock_168();
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_CAN1EN;
    GPIOA->AFR[1] |= (9u << 12) | (9u << 16);
    GPIOA->MODER |= GPIO_MODER_MODER11_1 | GPIO_MODER_MODER12_1;
    CAN1->MCR = CAN_MCR_INRQ;
    while (!(CAN1->MSR & CAN_MSR_INAK)) {
    }
    CAN1->BTR = (6u - 1u) | (10u << 16) | (1u << 20);           /* 42 MHz / 6 / (1 + 11 + 2) */
    CAN1->FMR |= CAN_FMR_FINIT;
    CAN1->FS1R |= 1u << 5;
    CAN1->FFA1R |= 1u << 5;
    CAN1->sFilterRegister[5].FR1 = 0x100u << 21;
    CAN1->sFilterRegister[5].FR2 = 0x700u << 21;
    CAN1->FA1R |= 1u << 5;
    CAN1->FMR &= ~CAN_FMR_FINIT;
    CAN1->IER = CAN_IER_FMPIE1;
    NVIC_EnableIRQ(CAN1_RX1_IRQn);
    CAN1->MCR &= ~CAN_MCR_INRQ;
    while (CAN1->MSR & CAN_MSR_INAK) {
    }
    while (!(CAN1->TSR & CAN_TSR_TXOK0))
        __WFI();
    echoed = 1;
    for (;;)
        __WFI();
}
