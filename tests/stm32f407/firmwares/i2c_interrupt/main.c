/* The I2C1 event and error interrupts drive a write and a read as a state machine; main only sleeps. */
#include "stm32f4xx.h"

#define DEVICE 0x68u

typedef struct {
    const uint8_t *out;
    uint32_t out_count;
    uint8_t *in;
    uint32_t in_count;
    volatile int result;           /* 0 busy, 1 done, -1 error */
} transfer_t;

static transfer_t *volatile job;
static volatile int reading;
volatile int write_result, read_result, absent_result;
uint8_t clock_bytes[4];

static void i2c_begin(transfer_t *t)
{
    t->result = 0;
    job = t;
    reading = t->out_count == 0;
    I2C1->CR1 |= I2C_CR1_ACK | I2C_CR1_START;
    I2C1->CR2 |= I2C_CR2_ITEVTEN | I2C_CR2_ITERREN | I2C_CR2_ITBUFEN;
}

static void finish(int result)
{
    I2C1->CR2 &= ~(I2C_CR2_ITEVTEN | I2C_CR2_ITERREN | I2C_CR2_ITBUFEN);
    job->result = result;
}

static void transmit_event(uint32_t sr1)
{
    if (job->out_count) {
        I2C1->DR = *job->out++;
        job->out_count--;
        return;
    }
    I2C1->CR2 &= ~I2C_CR2_ITBUFEN;             /* TXE stays set: wait for BTF without a storm */
    if (!(sr1 & I2C_SR1_BTF))
        return;
    if (job->in_count) {
        reading = 1;
        I2C1->CR1 |= I2C_CR1_START;
        /* BTF stays until the start condition is out */
        while (!(I2C1->SR1 & I2C_SR1_SB)) { }
        I2C1->CR2 |= I2C_CR2_ITBUFEN;
    } else {
        I2C1->CR1 |= I2C_CR1_STOP;
        finish(1);
    }
}

void I2C1_EV_IRQHandler(void)
{
    uint32_t sr1 = I2C1->SR1;
    if (sr1 & I2C_SR1_SB) {
        I2C1->DR = (DEVICE << 1) | (reading ? 1u : 0u);
    } else if (sr1 & I2C_SR1_ADDR) {
        if (reading && job->in_count == 1u)
            I2C1->CR1 &= ~I2C_CR1_ACK;
        (void)I2C1->SR2;
        if (reading && job->in_count == 1u)
            I2C1->CR1 |= I2C_CR1_STOP;
    } else if (reading && (sr1 & I2C_SR1_RXNE)) {
        *job->in++ = (uint8_t)I2C1->DR;
        if (--job->in_count == 1u) {
            I2C1->CR1 &= ~I2C_CR1_ACK;
            I2C1->CR1 |= I2C_CR1_STOP;
        } else if (job->in_count == 0u) {
            finish(1);
        }
    } else if (!reading && (sr1 & I2C_SR1_TXE)) {
        transmit_event(sr1);
    }
}

void I2C1_ER_IRQHandler(void)
{
    I2C1->SR1 = 0;
    I2C1->CR1 |= I2C_CR1_STOP;
    finish(-1);
}

static int run(const uint8_t *out, uint32_t out_count, uint8_t *in, uint32_t in_count)
{
    transfer_t t = {out, out_count, in, in_count, 0};
    while (I2C1->SR2 & I2C_SR2_BUSY) { }
    i2c_begin(&t);
    while (t.result == 0)
        __WFE();
    return t.result;
}

int main(void)
{
    static const uint8_t set[] = {0x00, 0x59, 0x23, 0x11, 0x07};
    static const uint8_t pointer[] = {0x00};

    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_I2C1EN;
    GPIOB->OTYPER |= 3u << 6;
    GPIOB->PUPDR |= 5u << 12;
    GPIOB->AFR[0] |= 0x44u << 24;
    GPIOB->MODER |= 0xAu << 12;
    I2C1->CR2 = 16;
    I2C1->CCR = 80;
    I2C1->TRISE = 17;
    I2C1->CR1 = I2C_CR1_PE;
    NVIC_EnableIRQ(I2C1_EV_IRQn);
    NVIC_EnableIRQ(I2C1_ER_IRQn);

    write_result = run(set, sizeof set, 0, 0);
    read_result = run(pointer, 1, clock_bytes, 4);
    for (;;)
        __WFI();
}
