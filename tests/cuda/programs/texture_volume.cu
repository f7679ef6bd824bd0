// A volume in a three-dimensional array: a copy of planes from the host, trilinear look-ups, sums along rays, a part of the
// volume replaced, and the way back.
#include <cmath>
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
const int W = 13, H = 9, D = 7;

__global__ void look(cudaTextureObject_t volume, const float3 *at, float *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = tex3D<float>(volume, at[i].x, at[i].y, at[i].z);
}

__global__ void rays(cudaTextureObject_t volume, float *sums) {
    int x = threadIdx.x, y = threadIdx.y;
    float sum = 0;
    for (int z = 0; z < D; ++z) sum += tex3D<float>(volume, x + 0.5f, y + 0.5f, z + 0.5f);
    sums[y * W + x] = sum;
}

std::vector<float> host(W *H *D);
float at(int x, int y, int z) {
    auto clamp = [](int i, int n) { return i < 0 ? 0 : i >= n ? n - 1 : i; };
    return host[(clamp(z, D) * H + clamp(y, H)) * W + clamp(x, W)];
}

double trilinear(float3 p) {
    double c[3], f[3];
    const float q[3] = {p.x, p.y, p.z};
    for (int a = 0; a < 3; ++a) {
        double b = (double)q[a] - 0.5;
        c[a] = floor(b);
        f[a] = floor((b - c[a]) * 256 + 0.5) / 256;
    }
    double sum = 0;
    for (int k = 0; k < 8; ++k) {
        int dx = k & 1, dy = k >> 1 & 1, dz = k >> 2;
        sum += (dx ? f[0] : 1 - f[0]) * (dy ? f[1] : 1 - f[1]) * (dz ? f[2] : 1 - f[2]) * at((int)c[0] + dx, (int)c[1] + dy, (int)c[2] + dz);
    }
    return sum;
}

bool check(cudaTextureObject_t volume) {
    std::vector<float3> points;
    for (int i = 0; i < 500; ++i) points.push_back(make_float3(-1 + i * 37 % 100 * 0.15f, -1 + i * 61 % 100 * 0.11f, -1 + i * 17 % 100 * 0.09f));
    const int n = (int)points.size();
    float3 *p;
    float *out, *sums;
    CHECK(cudaMalloc(&p, n * sizeof(float3)));
    CHECK(cudaMalloc(&out, n * sizeof(float)));
    CHECK(cudaMalloc(&sums, W * H * sizeof(float)));
    CHECK(cudaMemcpy(p, points.data(), n * sizeof(float3), cudaMemcpyHostToDevice));
    look<<<(n + 63) / 64, 64>>>(volume, p, out, n);
    rays<<<1, dim3(W, H)>>>(volume, sums);
    std::vector<float> found(n), sum(W * H);
    CHECK(cudaMemcpy(found.data(), out, n * sizeof(float), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(sum.data(), sums, W * H * sizeof(float), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(p));
    CHECK(cudaFree(out));
    CHECK(cudaFree(sums));
    for (int i = 0; i < n; ++i)
        if (fabs(found[i] - trilinear(points[i])) > 1e-3) return false;
    for (int i = 0; i < W * H; ++i) {
        float want = 0;
        for (int z = 0; z < D; ++z) want += host[z * W * H + i];
        if (sum[i] != want) return false;
    }
    return true;
}

int main() {
    for (int i = 0; i < W * H * D; ++i) host[i] = (float)(i * 29 % 101);
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    cudaArray_t array;
    CHECK(cudaMalloc3DArray(&array, &format, make_cudaExtent(W, H, D)));
    cudaMemcpy3DParms copy = {};
    copy.srcPtr = make_cudaPitchedPtr(host.data(), W * sizeof(float), W, H);
    copy.dstArray = array;
    copy.extent = make_cudaExtent(W, H, D);   // in elements, since an array takes part
    copy.kind = cudaMemcpyHostToDevice;
    CHECK(cudaMemcpy3D(&copy));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaTextureDesc description = {};
    for (auto &mode : description.addressMode) mode = cudaAddressModeClamp;
    description.filterMode = cudaFilterModeLinear;
    cudaTextureObject_t volume;
    CHECK(cudaCreateTextureObject(&volume, &resource, &description, nullptr));
    if (!check(volume)) return 1;

    // A box of 4 x 3 x 2 elements is replaced, out of memory with rows and planes of its own.
    std::vector<float> part(6 * 5 * 4);
    for (size_t i = 0; i < part.size(); ++i) part[i] = 1000.0f + i;
    copy = {};
    copy.srcPtr = make_cudaPitchedPtr(part.data(), 6 * sizeof(float), 6, 5);
    copy.srcPos = make_cudaPos(1 * sizeof(float), 2, 1);   // in bytes
    copy.dstArray = array;
    copy.dstPos = make_cudaPos(5, 4, 3);
    copy.extent = make_cudaExtent(4, 3, 2);
    copy.kind = cudaMemcpyHostToDevice;
    CHECK(cudaMemcpy3DAsync(&copy, 0));
    for (int z = 0; z < 2; ++z)
        for (int y = 0; y < 3; ++y)
            for (int x = 0; x < 4; ++x) host[((z + 3) * H + y + 4) * W + x + 5] = part[((z + 1) * 5 + y + 2) * 6 + x + 1];
    if (!check(volume)) return 2;

    std::vector<float> back(W * H * D);
    copy = {};
    copy.srcArray = array;
    copy.dstPtr = make_cudaPitchedPtr(back.data(), W * sizeof(float), W, H);
    copy.extent = make_cudaExtent(W, H, D);
    copy.kind = cudaMemcpyDeviceToHost;
    CHECK(cudaMemcpy3D(&copy));
    if (back != host) return 3;
    copy.extent = make_cudaExtent(W + 1, H, D);
    if (cudaMemcpy3D(&copy) != cudaErrorInvalidValue || cudaGetLastError() != cudaErrorInvalidValue) return 4;
    CHECK(cudaDestroyTextureObject(volume));
    CHECK(cudaFreeArray(array));
    return 0;
}
