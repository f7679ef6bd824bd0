/* Read by main.c under a condition that does not hold: to be built by itself. */
volatile unsigned int spare;

void spare_up(void)
{
    spare += 2;
}
