/* Calls CMSIS-DSP and prints integers, so that nothing depends on how floats are printed. */
#include "arm_math.h"
#include "stm32f4xx.h"
#include <stdio.h>

#define N 256

static float32_t signal[N], spectrum[N], magnitude[N / 2], state[N + 8];

static void put(const char *text) {
    for (; *text; text++) {
        while (!(USART2->SR & USART_SR_TXE)) {
        }
        USART2->DR = *text;
    }
}

static void tell(const char *what, long a, long b) {
    char line[64];
    snprintf(line, sizeof line, "%s %ld %ld\n", what, a, b);
    put(line);
}

static long milli(float32_t x) { return (long)(x * 1000.0f + (x < 0 ? -0.5f : 0.5f)); }

static void transforms(void) {
    for (int i = 0; i < N; i++) signal[i] = arm_sin_f32(2 * PI * 10 * i / N) + 0.5f * arm_cos_f32(2 * PI * 40 * i / N);
    arm_rfft_fast_instance_f32 fft;
    arm_rfft_fast_init_f32(&fft, N);
    arm_rfft_fast_f32(&fft, signal, spectrum, 0);
    arm_cmplx_mag_f32(spectrum, magnitude, N / 2);
    magnitude[0] = 0;
    float32_t most;
    uint32_t at;
    arm_max_f32(magnitude, N / 2, &most, &at);
    tell("fft", (long)at, milli(most / 128));
    tell("second", 40, milli(magnitude[40] / 64));
}

static void filters(void) {
    const float32_t mean[8] = {0.125f, 0.125f, 0.125f, 0.125f, 0.125f, 0.125f, 0.125f, 0.125f};
    arm_fir_instance_f32 fir;
    arm_fir_init_f32(&fir, 8, mean, state, N);
    arm_fill_f32(1.0f, signal, N);
    arm_fir_f32(&fir, signal, spectrum, N);
    tell("fir", milli(spectrum[0]), milli(spectrum[7]));

    const float32_t halving[5] = {0.5f, 0, 0, 0.5f, 0}; /* y[n] = x[n] / 2 + y[n - 1] / 2 */
    float32_t memory[4];
    arm_biquad_casd_df1_inst_f32 iir;
    arm_biquad_cascade_df1_init_f32(&iir, 1, halving, memory);
    arm_biquad_cascade_df1_f32(&iir, signal, spectrum, N);
    tell("iir", milli(spectrum[0]), milli(spectrum[3]));

    q15_t in[16], out[16], taps[8], before[32];
    for (int i = 0; i < 16; i++) in[i] = 1000 * i;
    for (int i = 0; i < 8; i++) taps[i] = 4096;
    arm_fir_instance_q15 fixed;
    arm_fir_init_q15(&fixed, 8, taps, before, 16);
    arm_fir_q15(&fixed, in, out, 16);
    tell("fir_q15", out[0], out[15]);
}

static void others(void) {
    float32_t a[9] = {2, 0, 0, 0, 4, 0, 1, 0, 8}, inverse[9], product[9];
    float32_t kept[9];
    arm_copy_f32(a, kept, 9);
    arm_matrix_instance_f32 m = {3, 3, a}, i = {3, 3, inverse}, k = {3, 3, kept}, p = {3, 3, product};
    tell("inverse", arm_mat_inverse_f32(&m, &i), milli(inverse[6]));
    arm_mat_mult_f32(&k, &i, &p);
    tell("identity", milli(product[0] + product[4] + product[8]), milli(product[1] + product[3] + product[6]));

    float32_t values[5] = {3, 1, 4, 1, 5}, mean, spread, dot;
    arm_mean_f32(values, 5, &mean);
    arm_std_f32(values, 5, &spread);
    arm_dot_prod_f32(values, values, 5, &dot);
    tell("statistics", milli(mean), milli(spread));
    tell("dot", milli(dot), 0);

    arm_pid_instance_f32 pid = {.Kp = 0.5f, .Ki = 0.25f, .Kd = 0};
    arm_pid_init_f32(&pid, 1);
    float32_t out = 0;
    for (int n = 0; n < 4; n++) out = arm_pid_f32(&pid, 1.0f);
    tell("pid", milli(out), 0);

    q31_t big[4] = {0x40000000, 0x40000000, 0x20000000, -0x40000000}, sum[4];
    arm_add_q31(big, big, sum, 4); /* saturates */
    tell("q31", sum[0], sum[3]);
}

int main(void) {
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    (void)RCC->APB1ENR;
    GPIOA->MODER |= 2 << (2 * 2);
    GPIOA->AFR[0] |= 7 << (2 * 4);
    USART2->BRR = (SystemCoreClock + 57600) / 115200;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;
    transforms();
    filters();
    others();
    put("end\n");
    for (;;) {
    }
}
