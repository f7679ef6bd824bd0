/* CAN1 on PB8/PB9 and CAN2 on PB12/PB13 of one bus at 250 kbit/s: CAN1 asks with a remote frame, CAN2 answers. */
#include "stm32f4xx.h"

volatile uint32_t requests, answer, answer_length, errors;

void CAN2_RX0_IRQHandler(void)
{
    uint32_t identifier = CAN2->sFIFOMailBox[0].RIR;
    CAN2->RF0R = CAN_RF0R_RFOM0;
    if (!(identifier & CAN_RI0R_RTR))
        return;
    requests++;
    CAN2->sTxMailBox[1].TDTR = 3;
    CAN2->sTxMailBox[1].TDLR = 0x00CAFE42;
    CAN2->sTxMailBox[1].TIR = (identifier & CAN_RI0R_STID) | CAN_TI1R_TXRQ;
}

static void start(CAN_TypeDef *can)
{
    can->MCR |= CAN_MCR_INRQ;
    while (!(can->MSR & CAN_MSR_INAK)) {
    }
    can->MCR &= ~CAN_MCR_SLEEP;
    while (can->MSR & CAN_MSR_SLAK) {
    }
    can->BTR = (12u << CAN_BTR_TS1_Pos) | (1u << CAN_BTR_TS2_Pos) | 3u;      /* 16 MHz / 4 / 16 */
    can->MCR = (can->MCR & ~CAN_MCR_INRQ) | CAN_MCR_ABOM;
    while (can->MSR & CAN_MSR_INAK) {
    }
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_CAN1EN | RCC_APB1ENR_CAN2EN;
    (void)RCC->APB1ENR;
    GPIOB->AFR[1] |= (9u << 0) | (9u << 4) | (9u << 16) | (9u << 20);
    GPIOB->MODER |= GPIO_MODER_MODER8_1 | GPIO_MODER_MODER9_1 | GPIO_MODER_MODER12_1 | GPIO_MODER_MODER13_1;

    CAN1->FMR = (14u << CAN_FMR_CAN2SB_Pos) | CAN_FMR_FINIT;
    CAN1->FS1R = (1u << 0) | (1u << 14);
    CAN1->FFA1R = 1u << 0;                     /* CAN1 uses FIFO 1 */
    CAN1->sFilterRegister[0].FR1 = 0x321u << 21;
    CAN1->sFilterRegister[0].FR2 = 0x7FFu << 21;
    CAN1->sFilterRegister[14].FR1 = 0;
    CAN1->sFilterRegister[14].FR2 = 0;
    CAN1->FA1R = (1u << 0) | (1u << 14);
    CAN1->FMR &= ~CAN_FMR_FINIT;
    start(CAN1);
    start(CAN2);
    CAN2->IER |= CAN_IER_FMPIE0;
    NVIC_EnableIRQ(CAN2_RX0_IRQn);

    CAN1->sTxMailBox[0].TDTR = 3;
    CAN1->sTxMailBox[0].TIR = (0x321u << 21) | CAN_TI0R_RTR | CAN_TI0R_TXRQ;
    while (!(CAN1->TSR & CAN_TSR_TXOK0)) {
    }
    while (!(CAN1->RF1R & CAN_RF1R_FMP1)) {
    }
    answer = CAN1->sFIFOMailBox[1].RDLR;
    answer_length = CAN1->sFIFOMailBox[1].RDTR & CAN_RDT1R_DLC;
    CAN1->RF1R = CAN_RF1R_RFOM1;
    errors = CAN1->ESR | CAN2->ESR;
    for (;;)
        __WFI();
}
