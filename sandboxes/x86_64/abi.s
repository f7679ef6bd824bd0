# A function as it is called by the testbench, with what the System V ABI promises its caller checked around each call.
# WRAP NAME defines __wrap_NAME, which `ld --wrap=NAME` puts in NAME's place; the arguments, on the stack too, stay as
# they are: only the return address is kept elsewhere meanwhile. %r11 is free at a call; %rcx, %r9 to %r11 after one.
.set FRAME, 128
.set RBX, 0xb0b1b2b3b4b5b6b7
.set RBP, 0xb8b9babbbcbdbebf
.set R12, 0xc0c1c2c3c4c5c6c7
.set R13, 0xc8c9cacbcccdcecf
.set R14, 0xd0d1d2d3d4d5d6d7
.set R15, 0xd8d9dadbdcdddedf

.section .tbss,"awT",@nobits
.balign 16
abi_depth: .zero 16
abi_frames: .zero FRAME * 1024

.macro FRAME_IN_R11 below=0
  movq %fs:0, %r11
  addq %fs:abi_depth@tpoff, %r11
  leaq abi_frames@tpoff-\below(%r11), %r11
.endm

.macro KEPT register, pattern, bit
  movabsq $\pattern, %r9
  cmpq %r9, \register
  je .Lkept\@
  orl $\bit, %ecx
.Lkept\@:
.endm

.macro BROKEN_IF condition, bit
  j\condition .Lbroken\@
  jmp .Lfine\@
.Lbroken\@:
  orl $\bit, %ecx
.Lfine\@:
.endm

.macro WRAP name
.section abi_text,"ax",@progbits
.globl __wrap_\name
.type __wrap_\name, @function
__wrap_\name:
  FRAME_IN_R11
  popq (%r11)
  movq %rbx, 8(%r11)
  movq %rbp, 16(%r11)
  movq %r12, 24(%r11)
  movq %r13, 32(%r11)
  movq %r14, 40(%r11)
  movq %r15, 48(%r11)
  movq %rsp, 56(%r11)
  stmxcsr 64(%r11)
  fnstcw 68(%r11)
  addq $FRAME, %fs:abi_depth@tpoff
  movabsq $RBX, %rbx
  movabsq $RBP, %rbp
  movabsq $R12, %r12
  movabsq $R13, %r13
  movabsq $R14, %r14
  movabsq $R15, %r15
  incq abi_page+8(%rip)
  # Step through it with the trap flag, while there are steps left.
  cmpq $0, abi_steps_left(%rip)
  jle .Lcall\@
  pushfq
  orq $0x100, (%rsp)
  popfq
.Lcall\@:
  call __real_\name
  movq %rsp, %r10
  FRAME_IN_R11 FRAME
  xorl %ecx, %ecx
  KEPT %rbx, RBX, 1
  KEPT %rbp, RBP, 2
  KEPT %r12, R12, 4
  KEPT %r13, R13, 8
  KEPT %r14, R14, 16
  KEPT %r15, R15, 32
  cmpq 56(%r11), %r10
  BROKEN_IF ne, 64
  movq 56(%r11), %rsp
  pushfq
  popq %r9
  testl $0x400, %r9d
  BROKEN_IF nz, 128
  andq $~0x500, %r9
  pushq %r9
  popfq
  # The control bits of MXCSR, not the flags of exceptions that have happened.
  stmxcsr 72(%r11)
  movl 72(%r11), %r9d
  xorl 64(%r11), %r9d
  testl $0xffc0, %r9d
  BROKEN_IF nz, 256
  # x87: its control word, and no register in use but the one or two of a returned value.
  fnstenv 96(%r11)
  movzwl 96(%r11), %r9d
  xorw 68(%r11), %r9w
  testl $0x1f3f, %r9d
  BROKEN_IF nz, 512
  fldenv 96(%r11)
  movzwl 104(%r11), %r9d
  orl $0xf000, %r9d
  cmpl $0xffff, %r9d
  BROKEN_IF ne, 1024
  orq %rcx, abi_page+24(%rip)
  movq 8(%r11), %rbx
  movq 16(%r11), %rbp
  movq 24(%r11), %r12
  movq 32(%r11), %r13
  movq 40(%r11), %r14
  movq 48(%r11), %r15
  subq $FRAME, %fs:abi_depth@tpoff
  pushq (%r11)
  ret
.size __wrap_\name, . - __wrap_\name
.endm

.section .note.GNU-stack,"",@progbits
