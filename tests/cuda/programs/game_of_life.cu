// The game of life on a torus, with bytes and two generations.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

__global__ void generation(const uint8_t *__restrict__ now, uint8_t *__restrict__ next, int w, int h) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= w || y >= h) return;
    int alive = 0;
    for (int dy = -1; dy <= 1; ++dy)
        for (int dx = -1; dx <= 1; ++dx)
            if (dx || dy) alive += now[(y + dy + h) % h * w + (x + dx + w) % w];
    next[y * w + x] = alive == 3 || (alive == 2 && now[y * w + x]);
}

int main() {
    const int w = 50, h = 34, generations = 20;
    std::vector<uint8_t> a(w * h), b(w * h), got(w * h);
    for (int i = 0; i < w * h; ++i) a[i] = (i * i / 3 + i) % 5 < 2;
    uint8_t *d[2];
    for (auto &p : d) CHECK(cudaMalloc(&p, w * h));
    CHECK(cudaMemcpy(d[0], a.data(), w * h, cudaMemcpyHostToDevice));
    dim3 threads(16, 8), blocks((w + threads.x - 1) / threads.x, (h + threads.y - 1) / threads.y);
    for (int g = 0; g < generations; ++g) {
        generation<<<blocks, threads>>>(d[g % 2], d[(g + 1) % 2], w, h);
        for (int y = 0; y < h; ++y)
            for (int x = 0; x < w; ++x) {
                int n = 0;
                for (int k = 0; k < 9; ++k)
                    if (k != 4) n += a[(y + k / 3 - 1 + h) % h * w + (x + k % 3 - 1 + w) % w];
                b[y * w + x] = n == 3 || (n == 2 && a[y * w + x]);
            }
        a.swap(b);
    }
    CHECK(cudaMemcpy(got.data(), d[generations % 2], w * h, cudaMemcpyDeviceToHost));
    return got == a ? 0 : 1;
}
