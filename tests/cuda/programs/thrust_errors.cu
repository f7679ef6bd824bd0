// What Thrust throws: bad_alloc where memory does not suffice, system_error where a kernel fails; and its error category.
#include <cstdio>
#include <cstring>
#include <new>

#include <cuda_runtime.h>
#include <thrust/device_vector.h>
#include <thrust/for_each.h>
#include <thrust/system/cuda/error.h>
#include <thrust/system_error.h>

struct Trap {
    __device__ void operator()(int x) const {
        if (x == 3) __trap();
    }
};

int main() {
    int wrong = 0, caught = 0;
    try {
        thrust::device_vector<double> huge(std::size_t(1) << 40);
        ++wrong;
    } catch (const std::bad_alloc &) {
        ++caught;
    }
    wrong += cudaGetLastError() != cudaSuccess;   // Thrust has taken it
    try {
        throw thrust::system_error(cudaErrorInvalidValue, thrust::cuda_category(), "here");
    } catch (const thrust::system_error &error) {
        ++caught;
        wrong += error.code().value() != cudaErrorInvalidValue || std::strstr(error.what(), "here") == nullptr;
    }
    auto &small = *new thrust::device_vector<int>(8, 3);   // never destroyed: that would meet the error again
    try {
        thrust::for_each(small.begin(), small.end(), Trap());
        ++wrong;
    } catch (const thrust::system_error &error) {
        ++caught;
        wrong += error.code().category() != thrust::cuda_category() || error.code().value() == cudaSuccess;
    }
    wrong += cudaDeviceSynchronize() == cudaSuccess;   // it stays
    std::printf(wrong || caught != 3 ? "FAIL %d %d\n" : "PASS\n", wrong, caught);
    return wrong || caught != 3;
}
