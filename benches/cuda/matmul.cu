// Tiled matrix product, 512 x 512 x 512, single precision.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>
#include <cuda_runtime.h>

constexpr int N = 512, TILE = 16;

__global__ void matmul(const float *a, const float *b, float *c) {
  __shared__ float left[TILE][TILE], right[TILE][TILE];
  const int row = blockIdx.y * TILE + threadIdx.y, column = blockIdx.x * TILE + threadIdx.x;
  float sum = 0;
  for (int tile = 0; tile < N / TILE; tile++) {
    left[threadIdx.y][threadIdx.x] = a[row * N + tile * TILE + threadIdx.x];
    right[threadIdx.y][threadIdx.x] = b[(tile * TILE + threadIdx.y) * N + column];
    __syncthreads();
    for (int k = 0; k < TILE; k++) sum += left[threadIdx.y][k] * right[k][threadIdx.x];
    __syncthreads();
  }
  c[row * N + column] = sum;
}

int main() {
  std::vector<float> a(N * N), b(N * N), c(N * N);
  srand(1);
  for (float &x : a) x = rand() / float(RAND_MAX) - 0.5f;
  for (float &x : b) x = rand() / float(RAND_MAX) - 0.5f;
  float *da, *db, *dc;
  const size_t bytes = N * N * sizeof(float);
  cudaMalloc(&da, bytes), cudaMalloc(&db, bytes), cudaMalloc(&dc, bytes);
  cudaMemcpy(da, a.data(), bytes, cudaMemcpyHostToDevice);
  cudaMemcpy(db, b.data(), bytes, cudaMemcpyHostToDevice);
  matmul<<<dim3(N / TILE, N / TILE), dim3(TILE, TILE)>>>(da, db, dc);
  if (cudaGetLastError() != cudaSuccess || cudaMemcpy(c.data(), dc, bytes, cudaMemcpyDeviceToHost) != cudaSuccess) return 2;
  int wrong = 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      double sum = 0, size = 0;
      for (int k = 0; k < N; k++) sum += double(a[i * N + k]) * b[k * N + j], size += fabs(double(a[i * N + k]) * b[k * N + j]);
      wrong += !(fabs(c[i * N + j] - sum) <= size * N * 6e-8);
    }
  printf("%d wrong\n", wrong);
  cudaFree(da), cudaFree(db), cudaFree(dc);
  return wrong != 0;
}
