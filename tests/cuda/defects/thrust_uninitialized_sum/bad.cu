// A sum over memory of device_malloc, which was filled but for its last quarter.
#include <cstdio>

#include <thrust/device_free.h>
#include <thrust/device_malloc.h>
#include <thrust/device_ptr.h>
#include <thrust/fill.h>
#include <thrust/reduce.h>

int main() {
    const int n = 400;
    thrust::device_ptr<int> values = thrust::device_malloc<int>(n);
    thrust::fill(values, values + n - n / 4, 2);
    const int sum = thrust::reduce(values, values + n); // defect: uninitialized_read
    thrust::device_free(values);
    std::printf("PASS %d\n", sum > 0);
    return 0;
}
