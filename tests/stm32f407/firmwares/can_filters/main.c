/* The filters of bxCAN: 32 and 16 bit, lists and masks, both FIFOs; the index that a frame matched; a FIFO that overruns. */
#include "stm32f4xx.h"

struct seen {
    uint32_t id, filter;
};
struct seen fifo0[4], fifo1[4];
volatile uint32_t count0, count1, overrun, overrun_last, after_release;

static void send(uint32_t identifier)
{
    while (!(CAN1->TSR & CAN_TSR_TME0)) {
    }
    CAN1->sTxMailBox[0].TDTR = 0;
    CAN1->sTxMailBox[0].TIR = identifier | CAN_TI0R_TXRQ;
    while (!(CAN1->TSR & CAN_TSR_TME0)) {
    }
}

static void collect(void)
{
    while (CAN1->RF0R & CAN_RF0R_FMP0) {
        fifo0[count0 & 3u].id = CAN1->sFIFOMailBox[0].RIR;
        fifo0[count0 & 3u].filter = (CAN1->sFIFOMailBox[0].RDTR & CAN_RDT0R_FMI) >> CAN_RDT0R_FMI_Pos;
        count0++;
        CAN1->RF0R = CAN_RF0R_RFOM0;
    }
    while (CAN1->RF1R & CAN_RF1R_FMP1) {
        fifo1[count1 & 3u].id = CAN1->sFIFOMailBox[1].RIR;
        fifo1[count1 & 3u].filter = (CAN1->sFIFOMailBox[1].RDTR & CAN_RDT1R_FMI) >> CAN_RDT1R_FMI_Pos;
        count1++;
        CAN1->RF1R = CAN_RF1R_RFOM1;
    }
}

#define STD(id) ((uint32_t)(id) << 21)
#define STD16(id) ((uint32_t)(id) << 5)

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_CAN1EN;
    (void)RCC->APB1ENR;
    CAN1->MCR = CAN_MCR_INRQ;
    while (!(CAN1->MSR & CAN_MSR_INAK)) {
    }
    CAN1->BTR = CAN_BTR_SILM | CAN_BTR_LBKM | (12u << CAN_BTR_TS1_Pos) | (1u << CAN_BTR_TS2_Pos);      /* 1 Mbit/s */
    CAN1->FMR |= CAN_FMR_FINIT;
    CAN1->FS1R = 0x3;                       /* banks 0 and 1 have 32 bits, 2 and 3 have 16 */
    CAN1->FM1R = 0x6;                       /* 1 and 2 are lists */
    CAN1->FFA1R = 0xA;                      /* 1 and 3 lead to FIFO 1 */
    CAN1->sFilterRegister[0].FR1 = STD(0x100);                      /* 0x100 to 0x10F: FIFO 0, index 0 */
    CAN1->sFilterRegister[0].FR2 = STD(0x7F0) | CAN_RI0R_IDE;
    CAN1->sFilterRegister[1].FR1 = STD(0x201);                      /* FIFO 1, index 0 */
    CAN1->sFilterRegister[1].FR2 = (0x12345u << 3) | CAN_RI0R_IDE;  /* FIFO 1, index 1 */
    CAN1->sFilterRegister[2].FR1 = STD16(0x301) | STD16(0x302) << 16;  /* FIFO 0, index 1 and 2 */
    CAN1->sFilterRegister[2].FR2 = STD16(0x303) | STD16(0x304) << 16;  /* FIFO 0, index 3 and 4 */
    CAN1->sFilterRegister[3].FR1 = STD16(0x400) | STD16(0x700) << 16;  /* FIFO 1, index 2: 0x4xx */
    CAN1->sFilterRegister[3].FR2 = STD16(0x500) | STD16(0x7FF) << 16;  /* FIFO 1, index 3: 0x500 only */
    CAN1->FA1R = 0xF;
    CAN1->FMR &= ~CAN_FMR_FINIT;
    CAN1->MCR &= ~CAN_MCR_INRQ;
    while (CAN1->MSR & CAN_MSR_INAK) {
    }

    send(STD(0x105));
    send(STD(0x110));                       /* none */
    send(STD(0x303));
    collect();
    send(STD(0x201));
    send((0x12345u << 3) | CAN_TI0R_IDE);
    send((0x12346u << 3) | CAN_TI0R_IDE);   /* none */
    send(STD(0x455));
    collect();
    send(STD(0x500));
    collect();

    for (uint32_t i = 0; i < 4u; i++)
        send(STD(0x108 + i));
    overrun = CAN1->RF0R & (CAN_RF0R_FMP0 | CAN_RF0R_FULL0 | CAN_RF0R_FOVR0);
    CAN1->RF0R = CAN_RF0R_FOVR0;
    CAN1->RF0R = CAN_RF0R_RFOM0;
    after_release = CAN1->RF0R & (CAN_RF0R_FMP0 | CAN_RF0R_FULL0 | CAN_RF0R_FOVR0);
    CAN1->RF0R = CAN_RF0R_RFOM0;
    overrun_last = CAN1->sFIFOMailBox[0].RIR >> 21;
    for (;;)
        __WFI();
}
