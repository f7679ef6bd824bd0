// Rays through a volume of bytes, coloured by a transfer function in an array of one row; textures chosen out of a table in
// memory that the host writes; two views of one array at the same time.
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

const int N = 16, steps = 32, W = 24, H = 20;

struct Scene {
    cudaTextureObject_t volume, transfer[2];
};

__constant__ float density;

__device__ float4 over(float4 sum, float4 c) {
    float a = c.w * density * (1 - sum.w);
    return make_float4(sum.x + c.x * a, sum.y + c.y * a, sum.z + c.z * a, sum.w + a);
}

__global__ void render(const Scene *scene, float4 *out) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= W || y >= H) return;
    cudaTextureObject_t colours = scene->transfer[(x ^ y) & 1];
    float4 sum = make_float4(0, 0, 0, 0);
    for (int i = 0; i < steps && sum.w < 0.95f; ++i) {
        float sample = tex3D<float>(scene->volume, (x + 0.5f) / W, (y + 0.5f) / H, (i + 0.5f) / steps);
        sum = over(sum, tex1D<float4>(colours, sample));
    }
    out[y * W + x] = sum;
}

static double axis(double x, int n, int &first) {
    double b = x * n - 0.5;
    first = (int)floor(b);
    return floor((b - first) * 256 + 0.5) / 256;
}
static int clampTo(int i, int n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

int main() {
    std::vector<unsigned char> cells(N * N * N);
    for (int i = 0; i < N * N * N; ++i) {
        float x = i % N - 7.5f, y = i / N % N - 7.5f, z = i / (N * N) - 7.5f;
        cells[i] = (unsigned char)fminf(255, x * x + 2 * y * y + z * z);
    }
    const float4 colours[5] = {{0, 0, 0, 0}, {1, 0, 0, 1}, {1, 1, 0, 0.5f}, {0, 1, 0, 1}, {0, 0, 1, 0.25f}};
    cudaChannelFormatDesc bytes = cudaCreateChannelDesc<unsigned char>(), four = cudaCreateChannelDesc<float4>();
    cudaArray_t volume, transfer;
    CHECK(cudaMalloc3DArray(&volume, &bytes, make_cudaExtent(N, N, N)));
    cudaMemcpy3DParms copy = {};
    copy.srcPtr = make_cudaPitchedPtr(cells.data(), N, N, N);
    copy.dstArray = volume;
    copy.extent = make_cudaExtent(N, N, N);
    copy.kind = cudaMemcpyHostToDevice;
    CHECK(cudaMemcpy3D(&copy));
    CHECK(cudaMallocArray(&transfer, &four, 5, 1));
    CHECK(cudaMemcpy2DToArray(transfer, 0, 0, colours, sizeof colours, sizeof colours, 1, cudaMemcpyHostToDevice));

    Scene *scene;
    CHECK(cudaMallocManaged(&scene, sizeof *scene));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = volume;
    cudaTextureDesc description = {};
    for (auto &mode : description.addressMode) mode = cudaAddressModeClamp;
    description.filterMode = cudaFilterModeLinear;
    description.readMode = cudaReadModeNormalizedFloat;
    description.normalizedCoords = 1;
    CHECK(cudaCreateTextureObject(&scene->volume, &resource, &description, nullptr));
    resource.res.array.array = transfer;
    description.readMode = cudaReadModeElementType;
    CHECK(cudaCreateTextureObject(&scene->transfer[0], &resource, &description, nullptr));
    description.filterMode = cudaFilterModePoint;
    CHECK(cudaCreateTextureObject(&scene->transfer[1], &resource, &description, nullptr));

    float4 *out;
    CHECK(cudaMalloc(&out, W * H * sizeof(float4)));
    const float factor = 0.125f;
    CHECK(cudaMemcpyToSymbol(density, &factor, sizeof factor));
    render<<<dim3((W + 7) / 8, (H + 7) / 8), dim3(8, 8)>>>(scene, out);
    CHECK(cudaGetLastError());
    std::vector<float4> image(W * H);
    CHECK(cudaMemcpy(image.data(), out, W * H * sizeof(float4), cudaMemcpyDeviceToHost));
    for (int p = 0; p < W * H; ++p) {
        const int x = p % W, y = p / W;
        double sum[4] = {};
        for (int i = 0; i < steps && sum[3] < 0.95; ++i) {
            int c[3];
            const double f[3] = {axis((x + 0.5) / W, N, c[0]), axis((y + 0.5) / H, N, c[1]), axis((i + 0.5) / steps, N, c[2])};
            double value = 0;
            for (int k = 0; k < 8; ++k) {
                const int d[3] = {k & 1, k >> 1 & 1, k >> 2};
                double weight = 1;
                for (int a = 0; a < 3; ++a) weight *= d[a] ? f[a] : 1 - f[a];
                value += weight * cells[(clampTo(c[2] + d[2], N) * N + clampTo(c[1] + d[1], N)) * N + clampTo(c[0] + d[0], N)] / 255.0;
            }
            int first;
            const double part = axis(value, 5, first);
            const float4 &a = colours[clampTo(first, 5)], &b = colours[clampTo(first + 1, 5)], &near = colours[clampTo((int)(value * 5), 5)];
            const double smooth[4] = {a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part, a.z + (b.z - a.z) * part, a.w + (b.w - a.w) * part};
            const double plain[4] = {near.x, near.y, near.z, near.w};
            const double *colour = (x ^ y) & 1 ? plain : smooth;
            const double alpha = colour[3] * factor * (1 - sum[3]);
            for (int k = 0; k < 3; ++k) sum[k] += colour[k] * alpha;
            sum[3] += alpha;
        }
        const float found[4] = {image[p].x, image[p].y, image[p].z, image[p].w};
        for (int k = 0; k < 4; ++k)
            if (fabs(found[k] - sum[k]) > 0.02) {   // a weight at the limit between two may be either
                printf("pixel %d, %d channel %d: %g, not %g\n", x, y, k, found[k], sum[k]);
                return 1;
            }
    }
    CHECK(cudaDestroyTextureObject(scene->volume));
    for (cudaTextureObject_t texture : scene->transfer) CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFreeArray(volume));
    CHECK(cudaFreeArray(transfer));
    CHECK(cudaFree(scene));
    CHECK(cudaFree(out));
    return 0;
}
