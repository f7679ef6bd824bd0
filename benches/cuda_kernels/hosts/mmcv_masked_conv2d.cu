// Patches around chosen places become columns, and columns are put back to those places: nothing is computed.
#include "check.h"
#include "kernel.cuh"

#include <set>

static void run(int channels, int height, int width, int kernel, int pad, int places) {
  check::Random random(height + width + places);
  auto image = random.reals((size_t)channels * height * width, -1, 1), columns = random.reals((size_t)channels * places, -1, 1);
  std::set<std::pair<int, int>> chosen;
  while ((int)chosen.size() < places) chosen.insert({random.below(height), random.below(width)});
  std::vector<int64_t> rows, cols;
  for (auto [y, x] : chosen) rows.push_back(y), cols.push_back(x);
  std::vector<float> want, want_image(image.size(), 0);
  for (int c = 0; c < channels; c++)
    for (int i = 0; i < kernel; i++)
      for (int j = 0; j < kernel; j++)
        for (int m = 0; m < places; m++) {
          int y = (int)rows[m] - pad + i, x = (int)cols[m] - pad + j;
          bool inside = y >= 0 && x >= 0 && y < height && x < width;
          want.push_back(inside ? image[((size_t)c * height + y) * width + x] : 0);
        }
  for (int i = 0; i < channels * places; i++)
    want_image[((size_t)(i / places) * height + rows[i % places]) * width + cols[i % places]] = columns[i];
  check::Device<float> d_image(image), d_columns(columns), out(want.size()), out_image(image.size(), 0.0f);
  check::Device<int64_t> d_rows(rows), d_cols(cols);
  int n = channels * places, blocks = (n + 127) / 128;
  MaskedIm2colForward<float>
      <<<blocks, 128>>>(n, d_image, height, width, kernel, kernel, pad, pad, d_rows, d_cols, places, out);
  MaskedCol2imForward<float><<<blocks, 128>>>(n, d_columns, height, width, channels, d_rows, d_cols, places, out_image);
  check::finished();
  check::equal("columns", out.host(), want);
  check::equal("image", out_image.host(), want_image);
}

int main() {
  run(1, 1, 1, 1, 0, 1);
  run(3, 13, 17, 3, 1, 61);
  run(2, 16, 16, 5, 2, 64);
  run(5, 7, 11, 2, 0, 37);
  return check::verdict();
}
