@ int32_t dot(const int16_t *a, const int16_t *b, uint32_t pairs): two 16 bit products per SMLAD
    .syntax unified
    .cpu cortex-m4
    .thumb
    .section .text.dot, "ax", %progbits
    .global dot
    .type dot, %function
    .thumb_func
dot:
    push    {r4, lr}
    movs    r3, #0
1:  cbz     r2, 2f
    ldr     r4, [r0], #4
    ldr     r12, [r1], #4
    smlad   r3, r4, r12, r3
    subs    r2, #1
    b       1b
2:  mov     r0, r3
    pop     {r4, pc}
    .size dot, . - dot
