// Parameters of classes: what copies and destroys them is the host's, and the device has their bytes.
#include <cstdio>
#include <cstring>

static int made, gone, copied;

// Each copy of it has memory of its own.
class Text {
  public:
    explicit Text(const char *text) : size_(static_cast<int>(strlen(text))) {
        cudaMallocManaged(&data_, size_ + 1);
        strcpy(data_, text);
        ++made;
    }
    Text(const Text &other) : Text(other.data_) { ++copied; }
    ~Text() {
        ++gone;
        cudaFree(data_);
    }
    __host__ __device__ char &operator[](int i) { return data_[i]; }
    __host__ __device__ int size() const { return size_; }

  private:
    int size_;
    char *data_;
};

// What one thread writes through its parameter, its neighbour reads.
__global__ void turn(Text text, char *out) {
    const int i = threadIdx.x, n = text.size();
    text[i] = static_cast<char>('a' + i);
    __syncthreads();
    out[i] = text[(i + 1) % n];
}

// The parameter itself is each thread's own.
struct Counter {
    int value;
    __host__ __device__ Counter(int v) : value(v) {}
    __host__ __device__ Counter(const Counter &other) : value(other.value) {}
    __host__ __device__ ~Counter() { value = -1; }
};
__global__ void count(Counter counter, const Counter fixed, int *out) {
    for (unsigned i = 0; i < threadIdx.x; ++i) ++counter.value;
    out[threadIdx.x] = counter.value + fixed.value;
}

int main() {
    char *out;
    cudaMallocManaged(&out, 5);
    {
        Text text("wxyz");
        turn<<<1, 4>>>(text, out);
        cudaDeviceSynchronize();
        out[4] = 0;
        if (strcmp(out, "bcda") != 0 || strncmp(&text[0], "wxyz", 4) != 0) return 1;
        void *arguments[] = {&text, &out};
        cudaLaunchKernel(reinterpret_cast<const void *>(turn), 1, 4, arguments, 0, nullptr);
        if (cudaDeviceSynchronize() != cudaSuccess) return 2;
    }
    printf("%d made, %d of them as copies, %d destroyed\n", made, copied, gone);
    if (made != gone || copied > 6) return 3;

    int *numbers;
    cudaMallocManaged(&numbers, 64 * sizeof(int));
    count<<<1, 64>>>(Counter(5), Counter(7), numbers);
    cudaDeviceSynchronize();
    for (int i = 0; i < 64; ++i)
        if (numbers[i] != 12 + i) return 4;
}
