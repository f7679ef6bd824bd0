/* One source is included and not to be built a second time, another only seems so. */
#include "counter.c"
#ifdef ALL_IN_ONE
#include "spare.c"
#else
void spare_up(void);
#endif

int main(void)
{
    count_up();
    spare_up();
    for (;;) {
    }
}
