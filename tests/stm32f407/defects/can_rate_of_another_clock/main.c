/* The divider is that of an APB1 clock of 36 MHz, but it has 16 MHz: no frame of the other node gets through. */
#include "stm32f4xx.h"

volatile uint32_t got;

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    GPIOB->AFR[1] |= 0x99;
    GPIOB->MODER |= GPIO_MODER_MODER8_1 | GPIO_MODER_MODER9_1;
    RCC->APB1ENR |= RCC_APB1ENR_CAN1EN;
    (void)RCC->APB1ENR;
    CAN1->MCR = CAN_MCR_INRQ;
    while (!(CAN1->MSR & CAN_MSR_INAK)) {
    }
    CAN1->BTR = (3u << CAN_BTR_TS1_Pos) | (2u << CAN_BTR_TS2_Pos) | 8u;
    CAN1->FMR |= CAN_FMR_FINIT;
    CAN1->FS1R |= 1u;
    CAN1->sFilterRegister[0].FR1 = 0;
    CAN1->sFilterRegister[0].FR2 = 0;
    CAN1->FA1R |= 1u;
    CAN1->FMR &= ~CAN_FMR_FINIT;
    CAN1->MCR &= ~CAN_MCR_INRQ;
    while (CAN1->MSR & CAN_MSR_INAK) {
    }
    while (!(CAN1->RF0R & CAN_RF0R_FMP0)) {
    }
    got = CAN1->sFIFOMailBox[0].RDLR;
    CAN1->RF0R = CAN_RF0R_RFOM0;
    for (;;) {
    }
}
