// Root-mean-square norm of 4096 rows of 4096, single precision: a block per row.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>
#include <cuda_runtime.h>

constexpr int ROWS = 4096, COLUMNS = 4096, THREADS = 256;

__global__ void rmsnorm(const float *in, const float *weight, float *out) {
  __shared__ float sums[THREADS / 32];
  const float *row = in + size_t(blockIdx.x) * COLUMNS;
  float sum = 0;
  for (int i = threadIdx.x; i < COLUMNS; i += THREADS) sum += row[i] * row[i];
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(0xffffffff, sum, offset);
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = sum;
  __syncthreads();
  float total = 0;
  for (int warp = 0; warp < THREADS / 32; warp++) total += sums[warp];
  const float scale = rsqrtf(total / COLUMNS + 1e-6f);
  for (int i = threadIdx.x; i < COLUMNS; i += THREADS) out[size_t(blockIdx.x) * COLUMNS + i] = row[i] * scale * weight[i];
}

int main() {
  const size_t count = size_t(ROWS) * COLUMNS, bytes = count * sizeof(float);
  std::vector<float> in(count), weight(COLUMNS), out(count);
  srand(1);
  for (float &x : in) x = rand() / float(RAND_MAX) - 0.5f;
  for (float &x : weight) x = 1 + rand() / float(RAND_MAX);
  float *din, *dweight, *dout;
  cudaMalloc(&din, bytes), cudaMalloc(&dout, bytes), cudaMalloc(&dweight, COLUMNS * sizeof(float));
  cudaMemcpy(din, in.data(), bytes, cudaMemcpyHostToDevice);
  cudaMemcpy(dweight, weight.data(), COLUMNS * sizeof(float), cudaMemcpyHostToDevice);
  rmsnorm<<<ROWS, THREADS>>>(din, dweight, dout);
  if (cudaGetLastError() != cudaSuccess || cudaMemcpy(out.data(), dout, bytes, cudaMemcpyDeviceToHost) != cudaSuccess) return 2;
  int wrong = 0;
  for (int r = 0; r < ROWS; r++) {
    double sum = 0;
    for (int i = 0; i < COLUMNS; i++) sum += double(in[size_t(r) * COLUMNS + i]) * in[size_t(r) * COLUMNS + i];
    const double scale = 1 / sqrt(sum / COLUMNS + 1e-6);
    for (int i = 0; i < COLUMNS; i++) {
      const double right = in[size_t(r) * COLUMNS + i] * scale * weight[i];
      wrong += !(fabs(out[size_t(r) * COLUMNS + i] - right) <= 1e-4 * fabs(right) + 1e-12);
    }
  }
  printf("%d wrong\n", wrong);
  cudaFree(din), cudaFree(dout), cudaFree(dweight);
  return wrong != 0;
}
