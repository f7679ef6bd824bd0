// memcpy_async of cooperative groups: a block and tiles of it, of bytes and of elements, with one stage ahead.
// Arch: sm_80
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cstdio>
#include <cstdlib>
#include <cmath>
#include <vector>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)


namespace cg = cooperative_groups;
constexpr int TILE = 96, ODD = 37;

__global__ void kernel(const int *in, const char *text, int *out, char *text_out, int tiles) {
    __shared__ __align__(16) int buffer[2][TILE];
    __shared__ char odd[4][ODD];
    __shared__ int of_tile[4][32];
    cg::thread_block block = cg::this_thread_block();
    int sum = 0;
    cg::memcpy_async(block, buffer[0], in, sizeof(int) * TILE);
    for (int t = 0; t < tiles; ++t) {
        if (t + 1 < tiles) {
            cg::memcpy_async(block, buffer[(t + 1) % 2], size_t(TILE), in + (t + 1) * TILE, size_t(TILE));
            cg::wait_prior<1>(block);
        } else {
            cg::wait(block);
        }
        for (int i = 0; i < TILE; ++i) sum += buffer[t % 2][(i + threadIdx.x) % TILE] * (i % 5);
        block.sync();
    }
    out[threadIdx.x] = sum;
    auto tile = cg::tiled_partition<32>(block);
    const int w = tile.meta_group_rank();
    cg::memcpy_async(tile, odd[w], text + w * ODD, size_t(ODD));   // not aligned: bytes
    cg::memcpy_async(tile, of_tile[w], 32, in + w * 32, 32);
    cg::wait(tile);
    for (int i = tile.thread_rank(); i < ODD; i += 32) text_out[w * ODD + i] = odd[w][ODD - 1 - i];
    out[128 + threadIdx.x] = of_tile[w][31 - tile.thread_rank()];
}

int main() {
    const int tiles = 5;
    std::vector<int> in(tiles * TILE), out(256);
    std::vector<char> text(4 * ODD), back(4 * ODD);
    for (size_t i = 0; i < in.size(); ++i) in[i] = (int)(i * 7 % 31);
    for (size_t i = 0; i < text.size(); ++i) text[i] = (char)(i % 100);
    int *din, *dout;
    char *dtext, *dback;
    CHECK(cudaMalloc(&din, in.size() * sizeof(int)));
    CHECK(cudaMalloc(&dout, out.size() * sizeof(int)));
    CHECK(cudaMalloc(&dtext, text.size()));
    CHECK(cudaMalloc(&dback, back.size()));
    CHECK(cudaMemcpy(din, in.data(), in.size() * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dtext, text.data(), text.size(), cudaMemcpyHostToDevice));
    kernel<<<1, 128>>>(din, dtext, dout, dback, tiles);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), dout, out.size() * sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(back.data(), dback, back.size(), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(din)); CHECK(cudaFree(dout)); CHECK(cudaFree(dtext)); CHECK(cudaFree(dback));
    for (int x = 0; x < 128; ++x) {
        int want = 0;
        for (int t = 0; t < tiles; ++t)
            for (int i = 0; i < TILE; ++i) want += in[t * TILE + (i + x) % TILE] * (i % 5);
        if (out[x] != want || out[128 + x] != in[x / 32 * 32 + 31 - x % 32]) return printf("%d: %d, not %d\n", x, out[x], want), 1;
    }
    for (int i = 0; i < 4 * ODD; ++i)
        if (back[i] != text[i / ODD * ODD + ODD - 1 - i % ODD]) return printf("text %d\n", i), 1;
    puts("right");
}
