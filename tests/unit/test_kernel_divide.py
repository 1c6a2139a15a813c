"""The kernel's division by a whole count rounds as a division does, for every float there is."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from breakwater import kernel

ROOT = Path(__file__).parents[2]
PROGRAM = """
#include <stdio.h>
#include "kernel.h"
#define TARGET __attribute__((target("avx2,fma")))
#define FUSED 1
#define MULTIPLY_ADD(a, b, c) __builtin_fmaf((a), (b), (c))
#include "pdq_loops.h"

TARGET static long wrong(float count) {
    float inverse = 1.0f / count;
    int found = 0;
    for (uint32_t mantissa = 0; mantissa < 1u << 23; mantissa++) {
        uint32_t bits = 127u << 23 | mantissa;
        float x;
        memcpy(&x, &bits, sizeof x);
        found += quotient(x, count, inverse) != x / count;
    }
    return found;
}

const bw_variant *bw_active(void) { return NULL; }

int main(void) {
    /* Twice a count, and twice an x, have the same mantissas. */
    for (int count = 1; count <= EXACT_COUNT; count += 2) printf("%ld\\n", wrong((float)count));
}
"""


@pytest.mark.skipif("avx2" not in kernel.variants(), reason="no fused multiply-add here")
@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")
def test_every_float_is_divided_by_every_count_as_the_reference_divides_it(tmp_path):
    source = tmp_path / "divide.c"
    source.write_text(PROGRAM)
    flags = re.search(r"extra_compile_args=(\[.*?\])", (ROOT / "setup.py").read_text())
    program = tmp_path / "divide"
    subprocess.run(
        ["cc", *ast.literal_eval(flags[1]), "-w", f"-I{ROOT / 'src/breakwater/kernel'}", source,
         ROOT / "src/breakwater/kernel/pdq.c", "-lm", "-o", program],
        check=True,
    )  # fmt: skip
    said = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["0"] * 512
