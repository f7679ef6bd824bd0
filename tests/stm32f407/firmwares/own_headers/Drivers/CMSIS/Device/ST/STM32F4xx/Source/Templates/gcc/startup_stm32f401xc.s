/* Startup code for the STM32F401, which has other vectors. */
  .syntax unified
  .cpu cortex-m4
  .thumb

  .section .isr_vector, "a", %progbits
  .word _estack
  .word Reset_Handler
  .word Default_Handler, Default_Handler, Default_Handler, Default_Handler, Default_Handler
  .word 0, 0, 0, 0
  .word Default_Handler, Default_Handler, 0, Default_Handler
  .word Default_Handler

  .text
  .weak Reset_Handler
  .thumb_func
Reset_Handler:
  ldr r0, =_sdata
  ldr r1, =_edata
  ldr r2, =_sidata
1:
  cmp r0, r1
  bcs 2f
  ldr r3, [r2], #4
  str r3, [r0], #4
  b 1b
2:
  bl SystemInit
  bl main
  .thumb_func
Default_Handler:
  b Default_Handler
