// Parameters that are references: the device gets the address.
struct Cell {
    int value;
    int neighbours[2];
};

__global__ void raise(Cell &cell, const int &by) { atomicAdd(&cell.value, by); }

template <class T>
__global__ void fill(T (&array)[2], T value, T *&pointer) {
    array[threadIdx.x] = value;
    if (threadIdx.x == 0) *pointer = array[0] + 1;
}

template <class... T>
__global__ void clear(T &...all) {
    ((all = 0), ...);
}

int main() {
    Cell *cell;
    int *by, **pointer;
    cudaMallocManaged(&cell, sizeof *cell);
    cudaMallocManaged(&by, sizeof *by);
    cudaMallocManaged(&pointer, sizeof *pointer);
    cell->value = 1;
    *by = 2;
    *pointer = by;
    raise<<<2, 32>>>(*cell, *by);
    cudaDeviceSynchronize();
    if (cell->value != 129) return 1;
    void *arguments[] = {&cell, &by};
    cudaLaunchKernel(reinterpret_cast<const void *>(raise), 1, 1, arguments, 0, nullptr);
    cudaDeviceSynchronize();
    if (cell->value != 131) return 2;
    fill<<<1, 2>>>(cell->neighbours, 7, *pointer);
    cudaDeviceSynchronize();
    if (cell->neighbours[1] != 7 || *by != 8) return 3;
    clear<<<1, 1>>>(cell->value, cell->neighbours[0]);
    cudaDeviceSynchronize();
    return cell->value + cell->neighbours[0];
}
