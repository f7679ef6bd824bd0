/* Startup code under the usual names: everything in it can be replaced. */
  .syntax unified
  .cpu cortex-m4
  .thumb

  .section .text.Reset_Handler, "ax", %progbits
  .weak Reset_Handler
  .type Reset_Handler, %function
Reset_Handler:
  ldr sp, =_estack
  ldr r0, =_sdata
  ldr r1, =_edata
  ldr r2, =_sidata
  bl copy
  ldr r0, =_sccmram
  ldr r1, =_eccmram
  ldr r2, =_siccmram
  bl copy
  ldr r0, =_sbss
  ldr r1, =_ebss
  movs r2, #0
1:
  cmp r0, r1
  bcs 2f
  str r2, [r0], #4
  b 1b
2:
  bl SystemInit
  bl __libc_init_array
  bl main
3:
  b 3b

copy:
  cmp r0, r1
  bcs 4f
  ldr r3, [r2], #4
  str r3, [r0], #4
  b copy
4:
  bx lr
  .size Reset_Handler, . - Reset_Handler

  .section .text.Default_Handler, "ax", %progbits
  .type Default_Handler, %function
Default_Handler:
  b Default_Handler

  .section .isr_vector, "a", %progbits
  .global g_pfnVectors
  .type g_pfnVectors, %object
g_pfnVectors:
  .word _estack
  .word Reset_Handler
  .word NMI_Handler
  .word HardFault_Handler
  .word MemManage_Handler
  .word BusFault_Handler
  .word UsageFault_Handler
  .word 0, 0, 0, 0
  .word SVC_Handler
  .word DebugMon_Handler
  .word 0
  .word PendSV_Handler
  .word SysTick_Handler
  .rept 82
  .word Default_Handler
  .endr

  .irp name, NMI, HardFault, MemManage, BusFault, UsageFault, SVC, DebugMon, PendSV, SysTick
  .weak \name\()_Handler
  .thumb_set \name\()_Handler, Default_Handler
  .endr
