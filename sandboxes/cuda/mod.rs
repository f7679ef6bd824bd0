//! The `cuda` sandbox: NVIDIA's compiler, and an emulation that runs and checks kernels where there is no GPU.
//!
//! `/usr/local/cuda/bin/nvcc` is the real thing. `/usr/local/lib/emulate/build.py` builds the same source as a program of
//! the CPU; its environment and its report are described at the top of `emulate/build.py`.

use crate::canary::{Canary, Expect};
use crate::job::Limits;
use crate::table::SandboxSpec;

/// Names of files beside this one, and their texts.
macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!($name))),*]
    };
}

/// One line of [`crate::table`].
pub(crate) const SPEC: SandboxSpec = SandboxSpec {
    name: "cuda",
    base: None,
    install: include_str!("install.sh"),
    dockerfile: include_str!("Dockerfile"),
    lock: include_str!("packages.lock"),
    files: files![
        "requirements.lock",
        "emulate/build.py",
        "emulate/build_runtime.sh",
        "emulate/include/cooperative_groups.h",
        "emulate/include/cooperative_groups/functional.h",
        "emulate/include/cooperative_groups/memcpy_async.h",
        "emulate/include/cooperative_groups/reduce.h",
        "emulate/include/cooperative_groups/scan.h",
        "emulate/include/cub/detail/strong_load.cuh",
        "emulate/include/cub/detail/strong_store.cuh",
        "emulate/include/cub/iterator/tex_obj_input_iterator.cuh",
        "emulate/include/cub/util_arch.cuh",
        "emulate/include/cub/util_device.cuh",
        "emulate/include/cuda/__device/compute_capability.h",
        "emulate/include/cuda/__memcpy_async/group_traits.h",
        "emulate/include/cuda/std/__barrier/barrier.h",
        "emulate/include/cuda/std/__cccl/compiler.h",
        "emulate/include/cuda/std/__cccl/cuda_capabilities.h",
        "emulate/include/cuda/std/__thread/threading_support_cuda.h",
        "emulate/include/cuda_awbarrier.h",
        "emulate/include/cuda_awbarrier_primitives.h",
        "emulate/include/cuda_bf16.h",
        "emulate/include/cuda_fp16.h",
        "emulate/include/cuda_fp4.h",
        "emulate/include/cuda_fp6.h",
        "emulate/include/cuda_fp8.h",
        "emulate/include/cuda_pipeline.h",
        "emulate/include/cuda_pipeline_primitives.h",
        "emulate/include/cuda_runtime.h",
        "emulate/include/curand_kernel.h",
        "emulate/include/device_atomic_functions.h",
        "emulate/include/device_functions.h",
        "emulate/include/device_launch_parameters.h",
        "emulate/include/emulate/async.h",
        "emulate/include/emulate/atomic.h",
        "emulate/include/emulate/barrier.h",
        "emulate/include/emulate/cccl.h",
        "emulate/include/emulate/device.h",
        "emulate/include/emulate/integer.h",
        "emulate/include/emulate/language.h",
        "emulate/include/emulate/launch.h",
        "emulate/include/emulate/layout.h",
        "emulate/include/emulate/library.h",
        "emulate/include/emulate/math.h",
        "emulate/include/emulate/matrix.h",
        "emulate/include/emulate/memory.h",
        "emulate/include/emulate/narrow.h",
        "emulate/include/emulate/ptx.h",
        "emulate/include/emulate/symbol.h",
        "emulate/include/emulate/texel.h",
        "emulate/include/emulate/texture.h",
        "emulate/include/emulate/thrust.h",
        "emulate/include/emulate/thrust/access.h",
        "emulate/include/emulate/thrust/algorithms.h",
        "emulate/include/emulate/thrust/copy.h",
        "emulate/include/emulate/thrust/elements.h",
        "emulate/include/emulate/thrust/in_order.h",
        "emulate/include/emulate/thrust/launch.h",
        "emulate/include/emulate/thrust/reduce.h",
        "emulate/include/emulate/version.h",
        "emulate/include/emulate/warp.h",
        "emulate/include/math_functions.h",
        "emulate/include/mma.h",
        "emulate/include/nv/target",
        "emulate/include/sm_20_atomic_functions.h",
        "emulate/include/sm_60_atomic_functions.h",
        "emulate/include/thrust/detail/config/device_system.h",
        "emulate/include/thrust/iterator/detail/device_system_tag.h",
        "emulate/include/thrust/partition.h",
        "emulate/include/thrust/sort.h",
        "emulate/include/thrust/system/cuda/detail/core/triple_chevron_launch.h",
        "emulate/include/thrust/system/cuda/detail/util.h",
        "emulate/libraries.py",
        "emulate/ptx.py",
        "emulate/ptx_matrix.py",
        "emulate/rewrite.py",
        "emulate/runtime/a_text_end.cpp",
        "emulate/runtime/allocations.cpp",
        "emulate/runtime/allocations.h",
        "emulate/runtime/arrays.cpp",
        "emulate/runtime/arrays.h",
        "emulate/runtime/async.cpp",
        "emulate/runtime/async.h",
        "emulate/runtime/atomics.cpp",
        "emulate/runtime/boxes.cpp",
        "emulate/runtime/check/access.cpp",
        "emulate/runtime/check/access.h",
        "emulate/runtime/check/async.cpp",
        "emulate/runtime/check/block_order.cpp",
        "emulate/runtime/check/bounds.h",
        "emulate/runtime/check/callbacks.cpp",
        "emulate/runtime/check/copies.cpp",
        "emulate/runtime/check/kernel.cpp",
        "emulate/runtime/check/kernel.h",
        "emulate/runtime/check/memory.cpp",
        "emulate/runtime/check/memory.h",
        "emulate/runtime/check/order.cpp",
        "emulate/runtime/check/order.h",
        "emulate/runtime/check/report.cpp",
        "emulate/runtime/check/report.h",
        "emulate/runtime/check/shadow.h",
        "emulate/runtime/check/shared.cpp",
        "emulate/runtime/check/symbols.cpp",
        "emulate/runtime/check/symbols.h",
        "emulate/runtime/check/texels.cpp",
        "emulate/runtime/check/traffic.cpp",
        "emulate/runtime/check/traffic.h",
        "emulate/runtime/check/ubsan.cpp",
        "emulate/runtime/copies.cpp",
        "emulate/runtime/copies.h",
        "emulate/runtime/device.cpp",
        "emulate/runtime/device.h",
        "emulate/runtime/device_functions.cpp",
        "emulate/runtime/errors.cpp",
        "emulate/runtime/errors.h",
        "emulate/runtime/faults.cpp",
        "emulate/runtime/faults.h",
        "emulate/runtime/fetch.cpp",
        "emulate/runtime/fiber.cpp",
        "emulate/runtime/fiber.h",
        "emulate/runtime/graph_launches.cpp",
        "emulate/runtime/graph_queries.cpp",
        "emulate/runtime/graphs.cpp",
        "emulate/runtime/graphs.h",
        "emulate/runtime/hooks.h",
        "emulate/runtime/launches.cpp",
        "emulate/runtime/launches.h",
        "emulate/runtime/math.cpp",
        "emulate/runtime/matrix.cpp",
        "emulate/runtime/memory.cpp",
        "emulate/runtime/memory.h",
        "emulate/runtime/mipmaps.cpp",
        "emulate/runtime/node_calls.cpp",
        "emulate/runtime/nodes.cpp",
        "emulate/runtime/nodes.h",
        "emulate/runtime/pools.cpp",
        "emulate/runtime/streams.cpp",
        "emulate/runtime/streams.h",
        "emulate/runtime/surfaces.cpp",
        "emulate/runtime/textures.cpp",
        "emulate/runtime/textures.h",
        "emulate/runtime/thrust.cpp",
        "emulate/runtime/together.cpp",
        "emulate/runtime/warp.cpp",
        "emulate/runtime/worker.cpp",
        "emulate/runtime/worker.h",
        "emulate/runtime/world.h",
        "emulate/sides.py",
        "judge/assay/compare.h",
        "judge/assay/inputs.h",
    ],
    tools: &[
        // Its first line is a name, its fourth the release.
        (
            "nvcc",
            &["sh", "-c", "/usr/local/cuda/bin/nvcc --version | sed -n s/^Build.//p"],
        ),
        ("g++", &["g++", "--version"]),
        ("python", &["python3", "--version"]),
        (
            "tree-sitter-cuda",
            &[
                "python3",
                "-c",
                "import importlib.metadata as m; print(m.version('tree-sitter-cuda'))",
            ],
        ),
    ],
    preload: &[],
    apart: None,
    served: None,
    gpu: false,
    canaries,
};

/// Adds two vectors; the host looks at every element.
pub(crate) const GOOD: &str = "\
#include <cstdio>
#include <cuda_runtime.h>
__global__ void add(const float *a, const float *b, float *c, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) c[i] = a[i] + b[i];
}
int main() {
  const int n = 1000;
  float host[n], *a, *b, *c;
  cudaMalloc(&a, sizeof host), cudaMalloc(&b, sizeof host), cudaMalloc(&c, sizeof host);
  for (int i = 0; i < n; i++) host[i] = 0.5f * i;
  cudaMemcpy(a, host, sizeof host, cudaMemcpyHostToDevice);
  cudaMemcpy(b, host, sizeof host, cudaMemcpyHostToDevice);
  add<<<(n + 255) / 256, 256>>>(a, b, c, n);
  cudaError_t error = cudaMemcpy(host, c, sizeof host, cudaMemcpyDeviceToHost);
  int wrong = 0;
  for (int i = 0; i < n; i++) wrong += host[i] != 1.0f * i;
  cudaFree(a), cudaFree(b), cudaFree(c);
  if (error == cudaSuccess && wrong == 0) printf(\"CANARY PASS\\n\");
  else printf(\"CANARY FAIL %d %d\\n\", (int)error, wrong);
}
";
/// Reverses a block by way of shared memory, and forgets to wait.
const RACE: &str = "\
#include <cstdio>
#include <cuda_runtime.h>
__global__ void reverse(int *data) {
  __shared__ int tile[64];
  tile[threadIdx.x] = data[threadIdx.x];
  data[threadIdx.x] = tile[63 - threadIdx.x];
}
int main() {
  int host[64], *data;
  for (int i = 0; i < 64; i++) host[i] = i;
  cudaMalloc(&data, sizeof host);
  cudaMemcpy(data, host, sizeof host, cudaMemcpyHostToDevice);
  reverse<<<1, 64>>>(data);
  cudaMemcpy(host, data, sizeof host, cudaMemcpyDeviceToHost);
  cudaFree(data);
  printf(\"CANARY PASS\\n\");
}
";
/// Says that all is well, and ends before any kernel was run.
pub(crate) const CHEAT: &str = "\
#include <cstdio>
#include <unistd.h>
#include <cuda_runtime.h>
__global__ void add(int *data) { *data += 1; }
struct Early { Early() { puts(\"CANARY PASS\"); fflush(stdout); _exit(0); } } early;
int main() { add<<<1, 1>>>(nullptr); }
";
/// Reads the program's report, as a process of its own: it must have come to its end, kernels must have run, and nothing
/// may have been found.
const JUDGE: &str = "\
import json
lines = [json.loads(line) for line in open('/job/report')]
found = sorted({line['kind'] for line in lines} - {'kernel', 'end'})
if not lines or lines[-1]['kind'] != 'end' or lines[-1]['launches'] == 0:
    found.append('unfinished')
print('CANARY FAIL ' + ' '.join(found) if found else 'CANARY PASS')
";

/// What a canary may use: its compilers take most of it.
pub(crate) fn canary_limits() -> Limits {
    Limits {
        cpu_ms: 60_000,
        wall_ms: 180_000,
        memory_bytes: 1 << 30,
        ..Limits::default()
    }
}

fn canaries() -> Vec<Canary> {
    let names = ["cuda_good", "cuda_bad", "cuda_race", "cuda_broken", "cuda_cheat"];
    canaries_in(SPEC.name, names)
}

/// One that passes, one with a wrong result, one with a race, one that does not compile, one that only says that it passes:
/// for a sandbox that holds all of this one, under these names.
pub(crate) fn canaries_in(sandbox: &str, names: [&'static str; 5]) -> Vec<Canary> {
    let nvcc = [
        "/usr/local/cuda/bin/nvcc",
        "-arch=sm_80",
        "-cubin",
        "-o",
        "canary.cubin",
        "in/canary.cu",
    ];
    let build = [
        "python3",
        "/usr/local/lib/emulate/build.py",
        "--arch",
        "80",
        "-o",
        "/job/canary",
        "in/canary.cu",
    ];
    let emulate = |name, program: &str, judged: bool, expect| {
        let files = [("canary.cu", program), ("judge.py", JUDGE)];
        let steps: [(&str, &[&str]); 4] = [
            ("compile", &nvcc),
            ("build", &build),
            ("run", &["env", "EMULATE_REPORT=/job/report", "/job/canary"]),
            ("judge", &["python3", "/job/in/judge.py"]),
        ];
        let steps = if judged { &steps[..] } else { &steps[..3] };
        let mut canary = Canary::new(name, sandbox, &files, steps, expect);
        canary.job.limits = canary_limits();
        canary
    };
    let wrong = GOOD.replace("a[i] + b[i]", "a[i] - b[i]");
    let broken = GOOD.replace("int n)", "int n");
    vec![
        emulate(names[0], GOOD, true, Expect::Passes("CANARY PASS")),
        emulate(names[1], &wrong, false, Expect::Passes("CANARY FAIL 0 999")),
        emulate(names[2], RACE, true, Expect::Passes("CANARY FAIL race")),
        emulate(names[3], &broken, true, Expect::FailsAt("compile")),
        emulate(names[4], CHEAT, true, Expect::Passes("CANARY FAIL unfinished")),
    ]
}
