// Pitched volumes: fills of boxes, copies between boxes of linear memory, and from linear memory into an array on the device.
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
const int W = 11, H = 7, D = 5;

__global__ void scale(cudaPitchedPtr p, int w, int h, int d) {
    for (int i = threadIdx.x; i < w * h * d; i += blockDim.x) {
        int x = i % w, y = i / w % h, z = i / (w * h);
        int *row = (int *)((char *)p.ptr + (z * p.ysize + y) * p.pitch);
        row[x] = row[x] * 2 + 1;
    }
}

__global__ void sum(cudaTextureObject_t t, int *out) {
    int x = threadIdx.x, y = threadIdx.y, total = 0;
    for (int z = 0; z < D; ++z) total += tex3D<int>(t, x, y, z);
    out[y * W + x] = total;
}

int main() {
    std::vector<int> host(W * H * D), back(W * H * D);
    for (int i = 0; i < W * H * D; ++i) host[i] = i;
    cudaPitchedPtr a, b;
    CHECK(cudaMalloc3D(&a, make_cudaExtent(W * sizeof(int), H, D)));
    CHECK(cudaMalloc3D(&b, make_cudaExtent(W * sizeof(int), H, D)));
    if (a.pitch < W * sizeof(int) || a.pitch % 32 || a.xsize != W * sizeof(int) || a.ysize != H) return 1;
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));
    cudaMemcpy3DParms copy = {};
    copy.srcPtr = make_cudaPitchedPtr(host.data(), W * sizeof(int), W, H);
    copy.dstPtr = a;
    copy.extent = make_cudaExtent(W * sizeof(int), H, D);
    copy.kind = cudaMemcpyHostToDevice;
    CHECK(cudaMemcpy3DAsync(&copy, stream));
    CHECK(cudaMemset3DAsync(b, 0, make_cudaExtent(W * sizeof(int), H, D), stream));
    CHECK(cudaMemset3DAsync(b, 0xff, make_cudaExtent(3 * sizeof(int), 2, 4), stream));
    scale<<<1, 64, 0, stream>>>(a, W, H, D);
    scale<<<1, 64, 0, stream>>>(b, W, H, D);

    // A box of 5 x 4 x 3 from (2, 1, 0) to (4, 3, 2).
    copy = {};
    copy.srcPtr = a;
    copy.srcPos = make_cudaPos(2 * sizeof(int), 1, 0);
    copy.dstPtr = b;
    copy.dstPos = make_cudaPos(4 * sizeof(int), 3, 2);
    copy.extent = make_cudaExtent(5 * sizeof(int), 4, 3);
    copy.kind = cudaMemcpyDeviceToDevice;
    CHECK(cudaMemcpy3DAsync(&copy, stream));
    CHECK(cudaStreamSynchronize(stream));
    copy = {};
    copy.srcPtr = b;
    copy.dstPtr = make_cudaPitchedPtr(back.data(), W * sizeof(int), W, H);
    copy.extent = make_cudaExtent(W * sizeof(int), H, D);
    copy.kind = cudaMemcpyDeviceToHost;
    CHECK(cudaMemcpy3D(&copy));
    std::vector<int> want(W * H * D);
    for (int i = 0; i < W * H * D; ++i) {
        int x = i % W, y = i / W % H, z = i / (W * H);
        want[i] = x < 3 && y < 2 && z < 4 ? -1 : 1;
        if (x >= 4 && x < 9 && y >= 3 && z >= 2) want[i] = 2 * (((z - 2) * H + y - 2) * W + x - 2) + 1;
    }
    if (back != want) return 2;

    cudaArray_t array;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<int>();
    CHECK(cudaMalloc3DArray(&array, &format, make_cudaExtent(W, H, D)));
    copy = {};
    copy.srcPtr = b;
    copy.dstArray = array;
    copy.extent = make_cudaExtent(W, H, D);
    copy.kind = cudaMemcpyDeviceToDevice;
    CHECK(cudaMemcpy3D(&copy));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaTextureDesc description = {};
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &description, nullptr));
    int *out;
    CHECK(cudaMalloc(&out, W * H * sizeof(int)));
    sum<<<1, dim3(W, H)>>>(texture, out);
    CHECK(cudaMemcpy(back.data(), out, W * H * sizeof(int), cudaMemcpyDeviceToHost));
    for (int i = 0; i < W * H; ++i) {
        int total = 0;
        for (int z = 0; z < D; ++z) total += want[z * W * H + i];
        if (back[i] != total) return 3;
    }
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFreeArray(array));
    CHECK(cudaFree(a.ptr));
    CHECK(cudaFree(b.ptr));
    CHECK(cudaFree(out));
    CHECK(cudaStreamDestroy(stream));
    return 0;
}
