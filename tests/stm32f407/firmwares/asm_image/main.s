@ A program in assembler alone: the vectors at the head of .text, no main, no startup code.
    .syntax unified
    .cpu cortex-m4
    .thumb
    .text
    .word 0x20002000
    .word start + 1
start:
    ldr r0, =0x40023830     @ RCC_AHB1ENR
    ldr r1, [r0]
    orr r1, r1, #8
    str r1, [r0]
    ldr r1, [r0]
    ldr r0, =0x40020C00     @ GPIOD
    ldr r1, =0x01000000
    str r1, [r0]
    mov r1, #0x1000
    str r1, [r0, #0x14]
stop:
    b stop
