// The game of life on a torus: one array is read as a wrapping texture, the other written as a surface, and they take turns.
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)
struct Generation {
    cudaArray_t cells;
    cudaTextureObject_t read;
    cudaSurfaceObject_t write;
};

__global__ void step(Generation now, Generation next, int w, int h) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= w || y >= h) return;
    int around = 0;
    for (int dy = -1; dy <= 1; ++dy)
        for (int dx = -1; dx <= 1; ++dx)
            if (dx || dy) around += tex2D<unsigned char>(now.read, (x + dx + 0.5f) / w, (y + dy + 0.5f) / h);
    bool alive = tex2D<unsigned char>(now.read, (x + 0.5f) / w, (y + 0.5f) / h);
    surf2Dwrite<unsigned char>(around == 3 || (alive && around == 2), next.write, x, y);
}

int main() {
    const int w = 24, h = 17, generations = 30;
    std::vector<unsigned char> cells(w * h), next(w * h);
    for (int i = 0; i < w * h; ++i) cells[i] = i * 2654435761u >> 29 & 1;
    Generation g[2];
    cudaChannelFormatDesc format = cudaCreateChannelDesc<unsigned char>();
    for (Generation &one : g) {
        CHECK(cudaMallocArray(&one.cells, &format, w, h, cudaArraySurfaceLoadStore));
        cudaResourceDesc resource = {};
        resource.resType = cudaResourceTypeArray;
        resource.res.array.array = one.cells;
        cudaTextureDesc description = {};
        description.addressMode[0] = description.addressMode[1] = cudaAddressModeWrap;
        description.normalizedCoords = 1;
        CHECK(cudaCreateTextureObject(&one.read, &resource, &description, nullptr));
        CHECK(cudaCreateSurfaceObject(&one.write, &resource));
    }
    CHECK(cudaMemcpy2DToArray(g[0].cells, 0, 0, cells.data(), w, w, h, cudaMemcpyHostToDevice));
    for (int i = 0; i < generations; ++i) {
        step<<<dim3((w + 7) / 8, (h + 7) / 8), dim3(8, 8)>>>(g[i % 2], g[(i + 1) % 2], w, h);
        for (int y = 0; y < h; ++y)
            for (int x = 0; x < w; ++x) {
                int around = 0;
                for (int dy = -1; dy <= 1; ++dy)
                    for (int dx = -1; dx <= 1; ++dx)
                        if (dx || dy) around += cells[(y + dy + h) % h * w + (x + dx + w) % w];
                next[y * w + x] = around == 3 || (cells[y * w + x] && around == 2);
            }
        cells.swap(next);
    }
    CHECK(cudaGetLastError());
    std::vector<unsigned char> back(w * h);
    CHECK(cudaMemcpy2DFromArray(back.data(), w, g[generations % 2].cells, 0, 0, w, h, cudaMemcpyDeviceToHost));
    if (back != cells) return 1;
    for (Generation &one : g) {
        CHECK(cudaDestroyTextureObject(one.read));
        CHECK(cudaDestroySurfaceObject(one.write));
        CHECK(cudaFreeArray(one.cells));
    }
    return 0;
}
