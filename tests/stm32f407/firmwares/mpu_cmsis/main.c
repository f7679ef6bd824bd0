/* The map of the memory from a table: flash read-only, RAM not executable, peripherals, and a trap for null pointers. */
#include "stm32f4xx.h"

static const ARM_MPU_Region_t map[] = {
    {ARM_MPU_RBAR(0UL, 0x08000000UL), ARM_MPU_RASR(0UL, ARM_MPU_AP_RO, 0UL, 0UL, 1UL, 0UL, 0UL, ARM_MPU_REGION_SIZE_1MB)},
    {ARM_MPU_RBAR(1UL, 0x20000000UL), ARM_MPU_RASR(1UL, ARM_MPU_AP_FULL, 0UL, 1UL, 1UL, 0UL, 0UL, ARM_MPU_REGION_SIZE_128KB)},
    {ARM_MPU_RBAR(2UL, 0x40000000UL), ARM_MPU_RASR_EX(1UL, ARM_MPU_AP_FULL, ARM_MPU_ACCESS_DEVICE(1UL), 0UL, ARM_MPU_REGION_SIZE_512MB)},
    {ARM_MPU_RBAR(7UL, 0x00000000UL), ARM_MPU_RASR(1UL, ARM_MPU_AP_NONE, 0UL, 0UL, 0UL, 0UL, 0UL, ARM_MPU_REGION_SIZE_1KB)},
};

volatile uint32_t nulls, null_address, flash_writes, flash_address, ticks;

__attribute__((used)) void memory_fault(uint32_t *frame)
{
    uint32_t address = SCB->MMFAR;
    if ((SCB->CFSR & (SCB_CFSR_DACCVIOL_Msk | SCB_CFSR_MMARVALID_Msk)) == (SCB_CFSR_DACCVIOL_Msk | SCB_CFSR_MMARVALID_Msk)) {
        if (address < 0x400u) {
            nulls++;
            null_address = address;
        } else {
            flash_writes++;
            flash_address = address;
        }
    }
    SCB->CFSR = SCB_CFSR_MEMFAULTSR_Msk;
    frame[6] += (*(uint16_t *)frame[6] >> 11) >= 0x1Du ? 4u : 2u;
}

__attribute__((naked)) void MemManage_Handler(void)
{
    __asm volatile("mov r0, sp\n push {r3, lr}\n bl memory_fault\n pop {r3, pc}");
}

void SysTick_Handler(void)
{
    ticks++;
}

int main(void)
{
    ARM_MPU_Disable();
    ARM_MPU_Load(map, sizeof map / sizeof map[0]);
    ARM_MPU_Enable(MPU_CTRL_HFNMIENA_Msk);
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    GPIOD->MODER |= GPIO_MODER_MODER12_0;
    GPIOD->BSRR = GPIO_BSRR_BS12;
    SysTick_Config(SystemCoreClock / 1000u);

    volatile uint32_t *pointer = 0;
    __asm volatile("" : "+r"(pointer));
    (void)pointer[4];
    pointer = (volatile uint32_t *)0x08004000;
    *pointer = 0;
    while (ticks < 3u)
        __WFI();
    ARM_MPU_ClrRegion(7);
    for (;;)
        __WFI();
}
