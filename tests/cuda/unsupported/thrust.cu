// unsupported: Thrust
#include <thrust/device_vector.h>
#include <thrust/sort.h>
int main() {
    thrust::device_vector<int> v(10, 1);
    thrust::sort(v.begin(), v.end());
}
