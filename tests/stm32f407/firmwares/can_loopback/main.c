/* Self test of CAN1 in silent loop-back mode, polled: 500 kbit/s from the 16 MHz of HSI, one standard and one extended frame. */
#include "stm32f4xx.h"

volatile uint32_t status[2], ids[2], lengths[2], data[4], empty, elapsed;

static int can_start(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_CAN1EN;
    CAN1->MCR &= ~CAN_MCR_SLEEP;
    CAN1->MCR |= CAN_MCR_INRQ;
    for (uint32_t n = 0; !(CAN1->MSR & CAN_MSR_INAK); n++)
        if (n > 100000u)
            return 0;
    CAN1->BTR = CAN_BTR_SILM | CAN_BTR_LBKM | (1u << CAN_BTR_SJW_Pos) | (12u << CAN_BTR_TS1_Pos) | (1u << CAN_BTR_TS2_Pos) | 1u;

    CAN1->FMR |= CAN_FMR_FINIT;
    CAN1->FS1R |= 1u;                        /* bank 0: one 32 bit mask that lets all in */
    CAN1->FM1R &= ~1u;
    CAN1->FFA1R &= ~1u;
    CAN1->sFilterRegister[0].FR1 = 0;
    CAN1->sFilterRegister[0].FR2 = 0;
    CAN1->FA1R |= 1u;
    CAN1->FMR &= ~CAN_FMR_FINIT;

    CAN1->MCR &= ~CAN_MCR_INRQ;
    while (CAN1->MSR & CAN_MSR_INAK) {
    }
    return 1;
}

static void exchange(unsigned n, uint32_t identifier, uint32_t length, uint32_t low, uint32_t high)
{
    CAN1->sTxMailBox[0].TDTR = length;
    CAN1->sTxMailBox[0].TDLR = low;
    CAN1->sTxMailBox[0].TDHR = high;
    CAN1->sTxMailBox[0].TIR = identifier | CAN_TI0R_TXRQ;
    while (!(CAN1->TSR & CAN_TSR_RQCP0)) {
    }
    status[n] = CAN1->TSR & (CAN_TSR_TXOK0 | CAN_TSR_ALST0 | CAN_TSR_TERR0 | CAN_TSR_TME0);
    CAN1->TSR = CAN_TSR_RQCP0;
    while ((CAN1->RF0R & CAN_RF0R_FMP0) == 0) {
    }
    ids[n] = CAN1->sFIFOMailBox[0].RIR;
    lengths[n] = CAN1->sFIFOMailBox[0].RDTR & CAN_RDT0R_DLC;
    data[2 * n] = CAN1->sFIFOMailBox[0].RDLR;
    data[2 * n + 1] = CAN1->sFIFOMailBox[0].RDHR;
    CAN1->RF0R |= CAN_RF0R_RFOM0;
}

int main(void)
{
    if (can_start()) {
        CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
        DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
        uint32_t begin = DWT->CYCCNT;
        exchange(0, 0x123u << CAN_TI0R_STID_Pos, 8, 0x44332211, 0x88776655);
        elapsed = DWT->CYCCNT - begin;
        exchange(1, (0x1ABCDEF0u << CAN_TI0R_EXID_Pos) | CAN_TI0R_IDE, 2, 0xBEEF, 0);
        empty = (CAN1->RF0R & CAN_RF0R_FMP0) == 0;
    }
    for (;;)
        __WFI();
}
