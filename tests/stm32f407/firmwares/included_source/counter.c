/* Read by main.c with #include, and given to the build as well. */
volatile unsigned int count;

void count_up(void)
{
    count++;
}
