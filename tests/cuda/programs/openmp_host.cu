// Threads of the host by OpenMP, each with a stream of its own.
// Flags: -Xcompiler -fopenmp
#include <omp.h>

__global__ void fill(int *a, int value) { a[threadIdx.x] = value; }

int main() {
    int wrong = 0, threads = 0;
    omp_set_num_threads(2);
#pragma omp parallel reduction(+ : wrong, threads)
    {
        const int me = omp_get_thread_num();
        int *d, h[32];
        cudaStream_t stream;
        cudaStreamCreate(&stream);
        cudaMalloc(&d, sizeof h);
        fill<<<1, 32, 0, stream>>>(d, me);
        cudaMemcpyAsync(h, d, sizeof h, cudaMemcpyDeviceToHost, stream);
        cudaStreamSynchronize(stream);
        for (int x : h) wrong += x != me;
        cudaFree(d);
        cudaStreamDestroy(stream);
        ++threads;
    }
#ifndef _OPENMP
    return 2;
#endif
    return wrong != 0 || threads != 2;
}
