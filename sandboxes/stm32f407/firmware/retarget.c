/* The operating system that newlib asks for: stdout and stdin on a USART, a heap between .bss and the stack.
 *
 * Characters are written by polling the registers. The firmware sets up the port itself; while its clock or transmitter is
 * off the output is dropped, as it would be on a chip. All functions are weak: sources that bring their own replace them
 * (`_write` as a whole, or `__io_putchar` / `__io_getchar` for single characters).
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "stm32f4xx.h"

#ifndef ASSAY_STDOUT_USART
#define ASSAY_STDOUT_USART USART2
#endif

extern char _end[] __attribute__((weak)), end[] __attribute__((weak)), _estack[] __attribute__((weak));
extern char _Min_Stack_Size[] __attribute__((weak));

/* RM0090 7.3.13, 7.3.14: a unit without clock neither answers nor sends. */
static int clocked(const USART_TypeDef *port) {
  if (port == USART1) return (RCC->APB2ENR & RCC_APB2ENR_USART1EN) != 0;
  if (port == USART6) return (RCC->APB2ENR & RCC_APB2ENR_USART6EN) != 0;
  if (port == USART2) return (RCC->APB1ENR & RCC_APB1ENR_USART2EN) != 0;
  if (port == USART3) return (RCC->APB1ENR & RCC_APB1ENR_USART3EN) != 0;
  if (port == UART4) return (RCC->APB1ENR & RCC_APB1ENR_UART4EN) != 0;
  return (RCC->APB1ENR & RCC_APB1ENR_UART5EN) != 0;
}

static int ready(uint32_t direction) {
  const uint32_t needed = USART_CR1_UE | direction;
  return clocked(ASSAY_STDOUT_USART) && (ASSAY_STDOUT_USART->CR1 & needed) == needed;
}

__WEAK int __io_putchar(int character) {
  if (ready(USART_CR1_TE)) {
    while ((ASSAY_STDOUT_USART->SR & USART_SR_TXE) == 0) {
    }
    ASSAY_STDOUT_USART->DR = (uint8_t)character;
  }
  return character;
}

__WEAK int __io_getchar(void) {
  if (!ready(USART_CR1_RE)) return -1;
  while ((ASSAY_STDOUT_USART->SR & USART_SR_RXNE) == 0) {
  }
  return (int)(ASSAY_STDOUT_USART->DR & 0xFF);
}

__WEAK int _write(int file, char *text, int length) {
  (void)file;
  for (int n = 0; n < length; n++) __io_putchar((unsigned char)text[n]);
  return length;
}

/* Gives what one line of input holds; the C library asks again for more. */
__WEAK int _read(int file, char *text, int length) {
  (void)file;
  int n = 0;
  while (n < length) {
    int character = __io_getchar();
    if (character < 0) break;
    text[n++] = (char)character;
    if (character == '\n' || character == '\r') break;
  }
  return n;
}

__WEAK void *_sbrk(ptrdiff_t increment) {
  static char *top;
  char *bottom = _end ? _end : end;
  char *limit = _estack ? _estack - (uintptr_t)_Min_Stack_Size : (char *)(uintptr_t)__get_MSP();
  if (top == NULL) top = bottom;
  if (increment > limit - top || increment < bottom - top) {
    errno = ENOMEM;
    return (void *)-1;
  }
  char *old = top;
  top += increment;
  return old;
}

__WEAK int _close(int file) {
  (void)file;
  return -1;
}

__WEAK int _fstat(int file, struct stat *status) {
  (void)file;
  status->st_mode = S_IFCHR;
  return 0;
}

__WEAK int _isatty(int file) {
  (void)file;
  return 1;
}

__WEAK int _lseek(int file, int offset, int whence) {
  (void)file;
  (void)offset;
  (void)whence;
  return 0;
}

__WEAK int _getpid(void) { return 1; }

__WEAK int _kill(int process, int signal) {
  (void)process;
  (void)signal;
  errno = EINVAL;
  return -1;
}

__WEAK void _exit(int status) {
  (void)status;
  for (;;) {
  }
}

/* Called by the C library around constructors when it is linked without the compiler's start files. */
__WEAK void _init(void) {}
__WEAK void _fini(void) {}
