int heap_number(void)
{
    return 1;
}
