// What every host shares: seeded inputs, poisoned outputs, and comparison with a reference in double precision.
//
// A host includes "kernel.cuh", the package's own text, launches its kernels over several shapes and ends with
// `return check::verdict();`. The last line of the output is then `RIGHT n` (n values were compared) or `WRONG n`.
#pragma once
#include <cuda_runtime.h>

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace check {

// Unit roundoff of float: half the distance from 1 to the next number (IEEE 754, 24 bits of significand).
constexpr double UNIT = 0x1p-24;

inline long compared = 0, wrong = 0;

inline void must(cudaError_t error, const char *what) {
  if (error == cudaSuccess) return;
  printf("%s: %s\nWRONG\n", what, cudaGetErrorString(error));
  exit(1);
}

// After a launch: it was accepted, and it came to its end.
inline void finished() {
  must(cudaGetLastError(), "launch");
  must(cudaDeviceSynchronize(), "kernel");
}

// SplitMix64: the same numbers everywhere, whatever the standard library is.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u) {}

  uint64_t bits() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  int below(int n) { return (int)(bits() % (uint64_t)n); }
  double real(double low, double high) { return low + (high - low) * (double)(bits() >> 11) * 0x1p-53; }

  template <class T = float>
  std::vector<T> reals(size_t n, double low, double high) {
    std::vector<T> list(n);
    for (T &x : list) x = (T)real(low, high);
    return list;
  }
  template <class T = int>
  std::vector<T> integers(size_t n, int count) {
    std::vector<T> list(n);
    for (T &x : list) x = (T)below(count);
    return list;
  }

 private:
  uint64_t state_;
};

// An array on the device.
template <class T>
class Device {
 public:
  explicit Device(const std::vector<T> &from) : size_(from.size()) {
    allocate();
    must(cudaMemcpy(data_, from.data(), size_ * sizeof(T), cudaMemcpyHostToDevice), "copy to the device");
  }
  // Poisoned: what a kernel forgets to write is seen.
  explicit Device(size_t size) : size_(size) {
    allocate();
    must(cudaMemset(data_, 0xa5, size_ * sizeof(T)), "poison");
  }
  Device(size_t size, T value) : Device(std::vector<T>(size, value)) {}
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;
  ~Device() { cudaFree(data_); }

  T *get() { return data_; }
  operator T *() { return data_; }

  std::vector<T> host() const {
    std::vector<T> to(size_);
    must(cudaMemcpy(to.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost), "copy to the host");
    return to;
  }

 private:
  void allocate() { must(cudaMalloc(&data_, (size_ ? size_ : 1) * sizeof(T)), "allocate"); }
  size_t size_;
  T *data_ = nullptr;
};

// What a result should be: a sum, and what it takes to say how far rounding may lead away from it.
struct Expected {
  double value = 0, magnitude = 0;
  int terms = 0;

  Expected() = default;
  explicit Expected(double term) { add(term); }
  void add(double term) {
    value += term;
    magnitude += fabs(term);
    terms++;
  }
};

inline void fail(const char *what, size_t at, double got, double want) {
  if (wrong++ < 5) printf("%s[%zu] is %.9g, should be %.9g\n", what, at, got, want);
}

template <class T>
void equal(const char *what, const std::vector<T> &got, const std::vector<T> &want) {
  if (got.size() != want.size()) return fail(what, 0, (double)got.size(), (double)want.size());
  for (size_t i = 0; i < got.size(); i++) {
    compared++;
    if (memcmp(&got[i], &want[i], sizeof(T)) != 0) fail(what, i, (double)got[i], (double)want[i]);
  }
}

// Each value within gamma(terms + roundings) times the sum of its terms' magnitudes, whatever the order of summation
// (N. Higham, Accuracy and Stability of Numerical Algorithms, section 4.2): `roundings` is how many operations at most
// round a term before it is summed, library functions counting as their documented error in units in the last place,
// twice over, as one of those is two units of roundoff. Below the normal numbers the least of them is the bound.
template <class T>
void near(const char *what, const std::vector<T> &got, const std::vector<Expected> &want, double roundings,
          double unit = sizeof(T) == 8 ? 0x1p-53 : UNIT) {
  if (got.size() != want.size()) return fail(what, 0, (double)got.size(), (double)want.size());
  for (size_t i = 0; i < got.size(); i++) {
    compared++;
    double count = (want[i].terms + roundings) * unit, bound = count / (1 - count) * want[i].magnitude + FLT_MIN * unit;
    if (!(fabs((double)got[i] - want[i].value) <= bound)) fail(what, i, (double)got[i], want[i].value);
  }
}

inline int verdict() {
  bool right = wrong == 0 && compared > 0;
  printf("%s %ld\n", right ? "RIGHT" : "WRONG", right ? compared : wrong);
  return right ? 0 : 1;
}

}  // namespace check
