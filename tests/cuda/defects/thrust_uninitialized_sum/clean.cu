// A sum over memory of device_malloc, all of which was filled.
#include <cstdio>

#include <thrust/device_free.h>
#include <thrust/device_malloc.h>
#include <thrust/device_ptr.h>
#include <thrust/fill.h>
#include <thrust/reduce.h>

int main() {
    const int n = 400;
    thrust::device_ptr<int> values = thrust::device_malloc<int>(n);
    thrust::fill(values, values + n, 2);
    const int sum = thrust::reduce(values, values + n);
    thrust::device_free(values);
    std::printf("PASS %d\n", sum > 0);
    return 0;
}
