/* CAN2 alone is given a clock. */
#include "stm32f4xx.h"

volatile uint32_t got;

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_CAN2EN;
    (void)RCC->APB1ENR;
    CAN2->MCR = CAN_MCR_INRQ;
    while (!(CAN2->MSR & CAN_MSR_INAK)) {
    }
    CAN2->BTR = CAN_BTR_SILM | CAN_BTR_LBKM | (12u << CAN_BTR_TS1_Pos) | (1u << CAN_BTR_TS2_Pos) | 1u;
    CAN2->MCR &= ~CAN_MCR_INRQ;
    while (CAN2->MSR & CAN_MSR_INAK) {
    }
    CAN2->sTxMailBox[0].TDTR = 1;
    CAN2->sTxMailBox[0].TDLR = 7;
    CAN2->sTxMailBox[0].TIR = (0x10u << 21) | CAN_TI0R_TXRQ;
    while (!(CAN2->TSR & CAN_TSR_RQCP0)) {
    }
    got = 7;
    for (;;) {
    }
}
