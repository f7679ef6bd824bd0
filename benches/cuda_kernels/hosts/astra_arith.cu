// Arithmetic on padded images, one operation per kernel; what lies in the padding stays.
#include "check.h"
namespace astraCUDA {
#include "kernel.cuh"
}

#include <functional>

using namespace astraCUDA;
using Of = std::function<double(double, double, double)>;  // of an element and those of the two other images

static void run(unsigned width, unsigned height) {
  const unsigned pitch = width + 5, repeat = 3;
  size_t size = (size_t)pitch * height;
  check::Random random(size);
  auto start = random.reals(size, 0.5, 2), a = random.reals(size, -1, 1), b = random.reals(size, -1, 1);
  const float p = 0.7f;
  dim3 grid((width + 15) / 16, (height + 16 * repeat - 1) / (16 * repeat)), block(16, 16);
  check::Device<float> d_a(a), d_b(b);
  auto test = [&](const char *name, const std::function<void(float *)> &launch, const Of &value, double roundings) {
    std::vector<check::Expected> want;
    for (size_t i = 0; i < size; i++) {
      bool inside = i % pitch < width;
      want.emplace_back(inside ? value(start[i], a[i], b[i]) : start[i]);
      if (inside && roundings > 0) want.back().magnitude = fabs(start[i]) + fabs(a[i]) + fabs(b[i]) + fabs(want.back().value);
    }
    check::Device<float> out(start);
    launch(out);
    check::finished();
    check::near(name, out.host(), want, roundings);
  };
  test("invert", [&](float *o) { devtoD<opInvert, repeat><<<grid, block>>>(o, pitch, width, height); }, [](double x, double, double) { return 1 / x; }, 2);
  test("set", [&](float *o) { devFtoD<opSet, repeat><<<grid, block>>>(o, p, pitch, width, height); }, [=](double, double, double) { return p; }, 0);
  test("clamp", [&](float *o) { devFtoD<opClampMin, repeat><<<grid, block>>>(o, p, pitch, width, height); },
       [=](double x, double, double) { return fmax(x, p); }, 0);
  test("add", [&](float *o) { devDtoD<opAdd, repeat><<<grid, block>>>(o, d_a, pitch, width, height); },
       [](double x, double y, double) { return x + y; }, 1);
  test("divide", [&](float *o) { devDtoD<opDividedBy, repeat><<<grid, block>>>(o, d_a, pitch, width, height); },
       [](double x, double y, double) { return y / x; }, 2);
  test("add scaled", [&](float *o) { devDFtoD<opAddScaled, repeat><<<grid, block>>>(o, d_a, p, pitch, width, height); },
       [=](double x, double y, double) { return x + y * p; }, 2);
  test("add product", [&](float *o) { devDDtoD<opAddMul, repeat><<<grid, block>>>(o, d_a, d_b, pitch, width, height); },
       [](double x, double y, double z) { return x + y * z; }, 2);
  test("add scaled product", [&](float *o) { devDDFtoD<opAddMulScaled, repeat><<<grid, block>>>(o, d_a, d_b, p, pitch, width, height); },
       [=](double x, double y, double z) { return x + y * z * p; }, 3);
  check::Device<float> mask(b);
  test("segment", [&](float *o) { devFFtoDD<opSegmentAndMask, repeat><<<grid, block>>>(o, mask, 1.2f, 9.0f, pitch, width, height); },
       [](double x, double, double) { return x >= 1.2f ? 9 : x; }, 0);
  std::vector<float> want_mask = b;
  for (size_t i = 0; i < size; i++)
    if (i % pitch < width && start[i] >= 1.2f) want_mask[i] = 0;
  check::equal("mask", mask.host(), want_mask);
}

int main() {
  run(1, 1);
  run(31, 53);
  run(16, 48);
  run(67, 7);
  return check::verdict();
}
