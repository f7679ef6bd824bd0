// A mutex of atomicCAS and atomicExch, taken by one thread of each block; and threads of one block that hand over a flag.
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

struct Lock {
    int *mutex;
    __device__ void lock() {
        while (atomicCAS(mutex, 0, 1) != 0) {}
        __threadfence();
    }
    __device__ void unlock() {
        __threadfence();
        atomicExch(mutex, 0);
    }
};

__global__ void addLocked(Lock lock, float *total) {
    __shared__ float part[64];
    part[threadIdx.x] = 0.5f * threadIdx.x;
    __syncthreads();
    if (threadIdx.x == 0) {
        float sum = 0;
        for (int i = 0; i < 64; ++i) sum += part[i];
        lock.lock();
        *(volatile float *)total += sum;
        lock.unlock();
    }
}

__global__ void handOver(volatile int *flag, int *out) {
    int warp = threadIdx.x / 32;
    if (threadIdx.x % 32 == 0) {
        while (*flag != warp) {}
        __threadfence();
        out[warp] = warp * 10;
        __threadfence();
        *flag = warp + 1;
    }
}

int main() {
    Lock lock;
    float *total, h;
    int *flag, *out, o[4];
    CHECK(cudaMalloc(&lock.mutex, sizeof(int)));
    CHECK(cudaMemset(lock.mutex, 0, sizeof(int)));
    CHECK(cudaMalloc(&total, sizeof(float)));
    CHECK(cudaMemset(total, 0, sizeof(float)));
    addLocked<<<20, 64>>>(lock, total);
    CHECK(cudaMemcpy(&h, total, sizeof(float), cudaMemcpyDeviceToHost));
    if (h != 20 * 1008.0f) return 1;
    CHECK(cudaMalloc(&flag, sizeof(int)));
    CHECK(cudaMalloc(&out, 4 * sizeof(int)));
    CHECK(cudaMemset(flag, 0, sizeof(int)));
    handOver<<<1, 128>>>(flag, out);
    CHECK(cudaMemcpy(o, out, sizeof o, cudaMemcpyDeviceToHost));
    return o[0] == 0 && o[3] == 30 ? 0 : 2;
}
