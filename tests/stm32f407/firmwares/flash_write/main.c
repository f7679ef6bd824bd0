/* A parameter block in sector 11: unlock, erase, program words, lock; HSI at 16 MHz, 2.7 to 3.6 V (word parallelism). */
#include "stm32f4xx.h"

#define SECTOR     11u
#define STORAGE    0x080E0000u

volatile uint32_t erased, stored, errors;

static void wait(void)
{
    while (FLASH->SR & FLASH_SR_BSY) { }
    if (FLASH->SR & (FLASH_SR_WRPERR | FLASH_SR_PGAERR | FLASH_SR_PGPERR | FLASH_SR_PGSERR))
        errors++;
}

static void unlock(void)
{
    if (FLASH->CR & FLASH_CR_LOCK) {
        FLASH->KEYR = 0x45670123u;
        FLASH->KEYR = 0xCDEF89ABu;
    }
}

static void erase(uint32_t sector)
{
    wait();
    FLASH->CR = FLASH_CR_PSIZE_1 | FLASH_CR_SER | (sector << FLASH_CR_SNB_Pos);
    FLASH->CR |= FLASH_CR_STRT;
    wait();
    FLASH->CR = 0;
}

static void program(uint32_t address, uint32_t value)
{
    FLASH->CR = FLASH_CR_PSIZE_1 | FLASH_CR_PG;
    *(volatile uint32_t *)address = value;
    wait();
    FLASH->CR = 0;
}

int main(void)
{
    unlock();
    erase(SECTOR);
    erased = *(volatile uint32_t *)STORAGE == 0xFFFFFFFFu;
    for (uint32_t i = 0; i < 4u; i++)
        program(STORAGE + 4u * i, 0xC0DE0000u + i);
    FLASH->CR |= FLASH_CR_LOCK;
    for (uint32_t i = 0; i < 4u; i++)
        stored += *(volatile uint32_t *)(STORAGE + 4u * i) == 0xC0DE0000u + i;
    for (;;)
        __WFI();
}
