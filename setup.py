"""Builds the one compiled extension; everything else stands in pyproject.toml.

`optional=True`: without a C compiler the install succeeds and the NumPy twin serves, loudly.
"""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "breakwater.kernel._kernel",
            sources=[
                f"src/breakwater/kernel/{name}.c"
                for name in (
                    "jpeg",
                    "jpeg_object",
                    "module",
                    "pdq",
                    "pdq_object",
                    "ring",
                    "ring_avx2",
                    "ring_avx512",
                    "ring_neon",
                    "ring_object",
                    "ring_portable",
                    "text",
                    "text_object",
                    "views",
                    "views_object",
                )
            ],
            depends=[
                f"src/breakwater/kernel/{name}.h"
                for name in (
                    "jpeg",
                    "jpeg_loops",
                    "jpeg_rows",
                    "kernel",
                    "objects",
                    "pdq_loops",
                    "ring_loops",
                    "scan_loops",
                    "text",
                )
            ],
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            # No contraction: PDQ must round as its reference does (kernel/pdq_loops.h).
            extra_compile_args=["-O3", "-std=c11", "-fno-math-errno", "-ffp-contract=off"],
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
