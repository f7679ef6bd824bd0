"""What holds for every Python process of the sandbox: one thread in the libraries that would start one per core.

Results then do not depend on the machine, and the threads do not count against a job's processes. It is set here and
not in the environment, so that it also holds for an interpreter that was started ahead of its job.
"""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")
