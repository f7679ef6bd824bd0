/* Loop-back with interrupts: three mailboxes are filled while the unit is in initialisation mode and go out by identifier. */
#include "stm32f4xx.h"

volatile uint32_t order[3], received, completed, checks;

void CAN1_TX_IRQHandler(void)
{
    uint32_t done = CAN1->TSR & (CAN_TSR_RQCP0 | CAN_TSR_RQCP1 | CAN_TSR_RQCP2);
    completed += (done & CAN_TSR_RQCP0 ? 1u : 0u) + (done & CAN_TSR_RQCP1 ? 1u : 0u) + (done & CAN_TSR_RQCP2 ? 1u : 0u);
    CAN1->TSR = done;
}

void CAN1_RX0_IRQHandler(void)
{
    while (CAN1->RF0R & CAN_RF0R_FMP0_Msk) {
        uint32_t id = CAN1->sFIFOMailBox[0].RIR >> CAN_RI0R_STID_Pos;
        if (received < 3u)
            order[received] = id;
        if (CAN1->sFIFOMailBox[0].RDLR == id * 3u)
            checks++;
        received++;
        CAN1->RF0R = CAN_RF0R_RFOM0;
    }
}

static void put(unsigned mailbox, uint32_t id)
{
    CAN1->sTxMailBox[mailbox].TIR = id << CAN_TI0R_STID_Pos;
    CAN1->sTxMailBox[mailbox].TDTR = 4;
    CAN1->sTxMailBox[mailbox].TDLR = id * 3u;
    CAN1->sTxMailBox[mailbox].TIR |= CAN_TI0R_TXRQ;
}

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_CAN1EN;
    (void)RCC->APB1ENR;
    CAN1->MCR = CAN_MCR_INRQ;
    while ((CAN1->MSR & (CAN_MSR_INAK | CAN_MSR_SLAK)) != CAN_MSR_INAK) {
    }
    CAN1->BTR = CAN_BTR_LBKM | (2u << CAN_BTR_TS1_Pos) | (1u << CAN_BTR_TS2_Pos) | 7u;     /* 16 MHz / 8 / 6 = 333 kbit/s */
    CAN1->FMR |= CAN_FMR_FINIT;
    CAN1->FS1R = 1u << 3;
    CAN1->sFilterRegister[3].FR1 = 0;
    CAN1->sFilterRegister[3].FR2 = 0;
    CAN1->FA1R = 1u << 3;
    CAN1->FMR &= ~CAN_FMR_FINIT;
    CAN1->IER = CAN_IER_TMEIE | CAN_IER_FMPIE0;
    NVIC_EnableIRQ(CAN1_TX_IRQn);
    NVIC_EnableIRQ(CAN1_RX0_IRQn);

    put(0, 0x300);
    put(1, 0x100);
    put(2, 0x200);
    CAN1->MCR &= ~CAN_MCR_INRQ;
    while (completed < 3u)
        __WFI();
    for (;;)
        __WFI();
}
