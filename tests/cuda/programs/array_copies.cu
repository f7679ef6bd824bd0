// Copies to, from and between arrays: rectangles at offsets, runs of bytes, in streams and in a graph; what the arrays say of themselves.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)
const int W = 10, H = 6;
std::vector<short> model(W *H);

bool holds(cudaArray_t array, const std::vector<short> &want) {
    std::vector<short> back(W * H, -1);
    CHECK(cudaMemcpy2DFromArray(back.data(), W * sizeof(short), array, 0, 0, W * sizeof(short), H, cudaMemcpyDeviceToHost));
    return back == want;
}

__global__ void readAll(cudaTextureObject_t t, short *out) { out[threadIdx.y * W + threadIdx.x] = tex2D<short>(t, threadIdx.x, threadIdx.y); }

int main() {
    cudaChannelFormatDesc format = cudaCreateChannelDesc<short>(), asked;
    cudaArray_t a, b;
    CHECK(cudaMallocArray(&a, &format, W, H));
    CHECK(cudaMallocArray(&b, &format, W, H, cudaArraySurfaceLoadStore));
    cudaExtent extent;
    unsigned flags;
    CHECK(cudaArrayGetInfo(&asked, &extent, &flags, b));
    if (asked.x != 16 || asked.y != 0 || asked.f != cudaChannelFormatKindSigned || extent.width != W || extent.height != H || extent.depth != 0) return 1;
    if (flags != cudaArraySurfaceLoadStore) return 2;
    CHECK(cudaGetChannelDesc(&asked, a));
    if (asked.x != 16 || asked.f != cudaChannelFormatKindSigned) return 3;

    for (int i = 0; i < W * H; ++i) model[i] = (short)(i * 7);
    CHECK(cudaMemcpy2DToArray(a, 0, 0, model.data(), W * sizeof(short), W * sizeof(short), H, cudaMemcpyHostToDevice));
    if (!holds(a, model)) return 4;

    // A rectangle of 4 x 2 at (3, 1), out of rows of 7; offsets and widths in bytes.
    short patch[3][7];
    for (int y = 0; y < 3; ++y)
        for (int x = 0; x < 7; ++x) patch[y][x] = (short)(-100 * y - x - 1);
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));
    CHECK(cudaMemcpy2DToArrayAsync(a, 3 * sizeof(short), 1, &patch[0][2], sizeof patch[0], 4 * sizeof(short), 2, cudaMemcpyHostToDevice, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (int y = 0; y < 2; ++y)
        for (int x = 0; x < 4; ++x) model[(y + 1) * W + x + 3] = patch[y][x + 2];
    if (!holds(a, model)) return 5;

    // A part of one array into another, which holds zeros.
    std::vector<short> second(W * H, 0);
    CHECK(cudaMemcpyToArray(b, 0, 0, second.data(), second.size() * sizeof(short), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy2DArrayToArray(b, 1 * sizeof(short), 2, a, 2 * sizeof(short), 0, 5 * sizeof(short), 4));
    for (int y = 0; y < 4; ++y)
        for (int x = 0; x < 5; ++x) second[(y + 2) * W + x + 1] = model[y * W + x + 2];
    if (!holds(b, second)) return 6;

    // Runs of bytes go on in the next row.
    short run[15];
    for (int i = 0; i < 15; ++i) run[i] = (short)(500 + i);
    CHECK(cudaMemcpyToArray(b, 8 * sizeof(short), 1, run, sizeof run, cudaMemcpyHostToDevice));
    for (int i = 0; i < 15; ++i) second[W + 8 + i] = run[i];
    if (!holds(b, second)) return 7;
    short back[12];
    CHECK(cudaMemcpyFromArrayAsync(back, b, 5 * sizeof(short), 2, sizeof back, cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamSynchronize(stream));
    if (memcmp(back, &second[2 * W + 5], sizeof back) != 0) return 8;

    // In a graph: host to array, array to a kernel.
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = a;
    cudaTextureDesc description = {};
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &description, nullptr));
    short *out;
    CHECK(cudaMalloc(&out, W * H * sizeof(short)));
    std::vector<short> input(W * H, 3), output(W * H);
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    CHECK(cudaMemcpy2DToArrayAsync(a, 0, 0, input.data(), W * sizeof(short), W * sizeof(short), H, cudaMemcpyHostToDevice, stream));
    readAll<<<1, dim3(W, H), 0, stream>>>(texture, out);
    CHECK(cudaMemcpyAsync(output.data(), out, W * H * sizeof(short), cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    for (short round = 0; round < 3; ++round) {
        input[round] = 77 + round;
        CHECK(cudaGraphLaunch(executable, stream));
        CHECK(cudaStreamSynchronize(stream));
        if (output != input) return 9;
    }
    CHECK(cudaGraphExecDestroy(executable));
    CHECK(cudaGraphDestroy(graph));

    // What does not fit is refused, and nothing happens.
    if (cudaMemcpy2DToArray(b, 8 * sizeof(short), 0, patch, sizeof patch[0], 3 * sizeof(short), 1, cudaMemcpyHostToDevice) != cudaErrorInvalidValue) return 10;
    if (cudaMemcpy2DFromArray(back, 8, b, 0, 0, 5 * sizeof(short), 2, cudaMemcpyDeviceToHost) != cudaErrorInvalidPitchValue) return 11;
    cudaGetLastError();
    if (!holds(b, second)) return 12;
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFreeArray(a));
    CHECK(cudaFreeArray(b));
    CHECK(cudaFreeArray(nullptr));
    CHECK(cudaFree(out));
    CHECK(cudaStreamDestroy(stream));
    return 0;
}
