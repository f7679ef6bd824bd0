// Launches whose sizes are in braces, from methods that are written on one line.
namespace kernels {
template <class T>
__global__ void add(T *a, T value) { a[threadIdx.x] += value; }
}  // namespace kernels

struct Table {
    void (*all[2])(int *, int);
};

class Field {
  public:
    Field() { cudaMalloc(&data_, 64 * sizeof(int)); cudaMemset(data_, 0, 64 * sizeof(int)); }
    void one() { kernels::add<int><<<{1, 1, 1}, {32}, 0, cudaStreamPerThread>>>(data_, 1); }
    void two() { ::kernels::add<<<{1}, {32}, 0, cudaStreamLegacy>>>(data_, 2); }
    void three(const Table *table) { if (table) table->all[1]<<<{1}, {64}, 0, cudaStreamLegacy>>>(data_, 12 >> 2); }
    void four(const Table &table) { (table.all[0])<<<{1}, {64}, 0, cudaStreamLegacy>>>(data_, 4); }
    int sum() {
        int h[64], total = 0;
        cudaMemcpy(h, data_, sizeof h, cudaMemcpyDeviceToHost);
        for (int x : h) total += x;
        return total;
    }

  private:
    int *data_;
};

int main() {
    Field field;
    const Table table = {{kernels::add<int>, kernels::add<int>}};
    field.one();
    cudaDeviceSynchronize();
    field.two();
    cudaDeviceSynchronize();
    field.three(&table);
    field.four(table);
    return field.sum() - (32 * 1 + 32 * 2 + 64 * 3 + 64 * 4);
}
