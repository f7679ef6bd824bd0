/* The display controller of other chips. */
#include "stm32f4xx.h"

void display_on(void)
{
    LTDC->GCR |= LTDC_GCR_LTDCEN;
}
