// What nvcc includes by itself: <time.h> and <string.h> are among it.
__global__ void measure(clock_t *ticks) {
    const clock_t start = clock();
    ticks[threadIdx.x] = clock() - start;
}

int main() {
    clock_t *d, h[32];
    memset(h, -1, sizeof h);
    cudaMalloc(&d, sizeof h);
    measure<<<1, 32>>>(d);
    cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost);
    for (clock_t ticks : h)
        if (ticks < 0) return 1;
    return time(nullptr) <= 0;
}
