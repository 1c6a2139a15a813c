"""Builds the one compiled extension; everything else stands in pyproject.toml.

`optional=True`: without a C compiler the install succeeds and the NumPy twin serves, loudly.
"""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "breakwater.kernel._kernel",
            sources=[
                "src/breakwater/kernel/module.c",
                "src/breakwater/kernel/ring.c",
                "src/breakwater/kernel/pdq.c",
            ],
            depends=["src/breakwater/kernel/kernel.h"],
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            extra_compile_args=["-O3", "-std=c11", "-fno-math-errno"],
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
