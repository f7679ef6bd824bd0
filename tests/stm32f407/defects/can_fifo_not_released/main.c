/* The handler reads the frame and does not release the FIFO: its interrupt comes again and again. */
#include "stm32f4xx.h"

volatile uint32_t got;

void CAN1_RX0_IRQHandler(void)
{
    got = CAN1->sFIFOMailBox[0].RDLR;
}

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_CAN1EN;
    (void)RCC->APB1ENR;
    CAN1->MCR = CAN_MCR_INRQ;
    while (!(CAN1->MSR & CAN_MSR_INAK)) {
    }
    CAN1->BTR = CAN_BTR_SILM | CAN_BTR_LBKM | (12u << CAN_BTR_TS1_Pos) | (1u << CAN_BTR_TS2_Pos) | 1u;
    CAN1->FMR |= CAN_FMR_FINIT;
    CAN1->FS1R |= 1u;
    CAN1->sFilterRegister[0].FR1 = 0;
    CAN1->sFilterRegister[0].FR2 = 0;
    CAN1->FA1R |= 1u;
    CAN1->FMR &= ~CAN_FMR_FINIT;
    CAN1->IER = CAN_IER_FMPIE0;
    NVIC_EnableIRQ(CAN1_RX0_IRQn);
    CAN1->MCR &= ~CAN_MCR_INRQ;
    while (CAN1->MSR & CAN_MSR_INAK) {
    }
    CAN1->sTxMailBox[0].TDTR = 1;
    CAN1->sTxMailBox[0].TDLR = 7;
    CAN1->sTxMailBox[0].TIR = (0x10u << 21) | CAN_TI0R_TXRQ;
    for (;;) {
    }
}
