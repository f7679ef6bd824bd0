#ifndef OWN_CORE_CM4_H
#define OWN_CORE_CM4_H

#define OWN_CORE_HEADER 1
#define SYSTICK ((volatile unsigned int *)0xE000E010)

static inline void every(unsigned int cycles)
{
    SYSTICK[1] = cycles - 1;
    SYSTICK[2] = 0;
    SYSTICK[0] = 7;
}
#endif
