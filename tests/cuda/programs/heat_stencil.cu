// Heat in two dimensions until it settles: halo tiles, a maximum of changes by atomics, swapped buffers.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

#define T 16

__global__ void step(const float *in, float *out, int n, int *change) {
    __shared__ float s[T + 2][T + 2];
    int x = blockIdx.x * T + threadIdx.x, y = blockIdx.y * T + threadIdx.y, tx = threadIdx.x + 1, ty = threadIdx.y + 1;
    auto at = [&](int r, int c) { return r >= 0 && c >= 0 && r < n && c < n ? in[r * n + c] : 0.0f; };
    s[ty][tx] = at(y, x);
    if (threadIdx.y == 0) s[0][tx] = at(y - 1, x);
    if (threadIdx.y == T - 1) s[T + 1][tx] = at(y + 1, x);
    if (threadIdx.x == 0) s[ty][0] = at(y, x - 1);
    if (threadIdx.x == T - 1) s[ty][T + 1] = at(y, x + 1);
    __syncthreads();
    if (x > 0 && y > 0 && x < n - 1 && y < n - 1) {
        float v = 0.25f * (s[ty - 1][tx] + s[ty + 1][tx] + s[ty][tx - 1] + s[ty][tx + 1]);
        out[y * n + x] = v;
        atomicMax(change, __float_as_int(fabsf(v - s[ty][tx])));
    }
}

int main() {
    const int n = 40;
    float *a, *b, *h = (float *)calloc(n * n, sizeof(float));
    int *change, bits;
    for (int i = 0; i < n; ++i) h[i] = 1.0f;
    CHECK(cudaMalloc(&a, n * n * sizeof(float)));
    CHECK(cudaMalloc(&b, n * n * sizeof(float)));
    CHECK(cudaMalloc(&change, sizeof(int)));
    CHECK(cudaMemcpy(a, h, n * n * sizeof(float), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(b, a, n * n * sizeof(float), cudaMemcpyDeviceToDevice));
    int steps = 0;
    float most;
    do {
        CHECK(cudaMemset(change, 0, sizeof(int)));
        step<<<dim3((n + T - 1) / T, (n + T - 1) / T), dim3(T, T)>>>(a, b, n, change);
        CHECK(cudaMemcpy(&bits, change, sizeof(int), cudaMemcpyDeviceToHost));
        most = *(float *)&bits;
        std::swap(a, b);
    } while (++steps < 300 && most > 1e-4f);
    CHECK(cudaMemcpy(h, a, n * n * sizeof(float), cudaMemcpyDeviceToHost));
    for (int y = 1; y < n - 1; ++y)
        for (int x = 1; x < n - 1; ++x)
            if (!(h[y * n + x] >= 0 && h[y * n + x] <= h[(y - 1) * n + x] + 1e-3f)) return 1;
    printf("%d steps\n", steps);
    free(h);
    return 0;
}
