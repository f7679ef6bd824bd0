/* The pins of CAN1 are given AF8 instead of AF9: the bus is never seen idle. */
#include "stm32f4xx.h"

volatile uint32_t got;

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    GPIOB->AFR[1] |= 0x88;
    GPIOB->MODER |= GPIO_MODER_MODER8_1 | GPIO_MODER_MODER9_1;
    RCC->APB1ENR |= RCC_APB1ENR_CAN1EN;
    (void)RCC->APB1ENR;
    CAN1->MCR = CAN_MCR_INRQ;
    while (!(CAN1->MSR & CAN_MSR_INAK)) {
    }
    CAN1->BTR = (12u << CAN_BTR_TS1_Pos) | (1u << CAN_BTR_TS2_Pos) | 1u;
    CAN1->FMR |= CAN_FMR_FINIT;
    CAN1->FS1R |= 1u;
    CAN1->sFilterRegister[0].FR1 = 0;
    CAN1->sFilterRegister[0].FR2 = 0;
    CAN1->FA1R |= 1u;
    CAN1->FMR &= ~CAN_FMR_FINIT;
    CAN1->MCR &= ~CAN_MCR_INRQ;
    while (CAN1->MSR & CAN_MSR_INAK) {
    }
    CAN1->sTxMailBox[0].TDTR = 1;
    CAN1->sTxMailBox[0].TDLR = 7;
    CAN1->sTxMailBox[0].TIR = (0x10u << 21) | CAN_TI0R_TXRQ;
    while (!(CAN1->RF0R & CAN_RF0R_FMP0)) {
    }
    got = CAN1->sFIFOMailBox[0].RDLR;
    CAN1->RF0R = CAN_RF0R_RFOM0;
    for (;;) {
    }
}
