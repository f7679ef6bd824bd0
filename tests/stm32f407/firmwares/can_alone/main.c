/* Nobody else is on the bus: with NART one attempt ends in TERR; without it the unit repeats, becomes error-passive and stays so,
   and an abort ends the request. */
#include "stm32f4xx.h"

volatile uint32_t single, warnings, passive, last_code, counter, aborted, sce;

void CAN1_SCE_IRQHandler(void)
{
    uint32_t esr = CAN1->ESR;
    sce++;
    if (esr & CAN_ESR_EWGF)
        warnings++;
    if (esr & CAN_ESR_EPVF)
        passive = 1;
    last_code = (esr & CAN_ESR_LEC) >> CAN_ESR_LEC_Pos;
    CAN1->MSR = CAN_MSR_ERRI;
}

static void initialisation(int on)
{
    if (on)
        CAN1->MCR |= CAN_MCR_INRQ;
    else
        CAN1->MCR &= ~CAN_MCR_INRQ;
    while (((CAN1->MSR & CAN_MSR_INAK) != 0) != on) {
    }
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    RCC->APB1ENR |= RCC_APB1ENR_CAN1EN;
    GPIOD->AFR[0] |= 0x99;
    GPIOD->MODER |= GPIO_MODER_MODER0_1 | GPIO_MODER_MODER1_1;
    CAN1->MCR &= ~CAN_MCR_SLEEP;
    initialisation(1);
    CAN1->MCR |= CAN_MCR_NART;
    CAN1->BTR = (1u << 24) | (10u << 16) | (3u << 20) | 0u;     /* 1 Mbit/s */
    initialisation(0);
    CAN1->sTxMailBox[0].TDTR = 1;
    CAN1->sTxMailBox[0].TIR = (0x55u << 21) | CAN_TI0R_TXRQ;
    while (!(CAN1->TSR & CAN_TSR_RQCP0)) {
    }
    single = CAN1->TSR & (CAN_TSR_TXOK0 | CAN_TSR_TERR0 | CAN_TSR_TME0);

    initialisation(1);
    CAN1->MCR &= ~CAN_MCR_NART;
    CAN1->IER = CAN_IER_ERRIE | CAN_IER_EWGIE | CAN_IER_EPVIE;
    NVIC_EnableIRQ(CAN1_SCE_IRQn);
    initialisation(0);
    CAN1->sTxMailBox[1].TIR = (0x56u << 21) | CAN_TI1R_TXRQ;
    while (!passive) {
    }
    for (volatile uint32_t i = 0; i < 20000u; i++) {
    }
    counter = (CAN1->ESR & CAN_ESR_TEC) >> CAN_ESR_TEC_Pos;
    CAN1->TSR = CAN_TSR_ABRQ1;
    while (!(CAN1->TSR & CAN_TSR_TME1)) {
    }
    aborted = CAN1->TSR & (CAN_TSR_RQCP1 | CAN_TSR_TXOK1);
    for (;;)
        __WFI();
}
