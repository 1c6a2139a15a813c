from typing import final

from typing_extensions import Buffer

def use(name: str, /) -> None: ...
def variant() -> str: ...
def variants() -> tuple[str, ...]: ...
def ring_build(codes: Buffer, width: int, off: Buffer, key: Buffer, ids: Buffer, /) -> None: ...
def scan(
    codes: Buffer, width: int, queries: Buffer, radius: int, /
) -> tuple[bytes, bytes, bytes]: ...
def pdq(pixels: Buffer, /) -> tuple[bytes, int]: ...
def pdq_dihedral(pixels: Buffer, /) -> tuple[bytes, int]: ...
def pdq_probe(pixels: Buffer, /) -> tuple[bytes, bytes, bool]: ...
def jpeg_shape(data: Buffer, /) -> tuple[int, int, int] | None: ...
def jpeg_pixels(data: Buffer, grey: bool, out: Buffer, /) -> bool: ...
def luma64(pixels: Buffer, /) -> bytes: ...
def pdq_from_luma64(luma: Buffer, /) -> tuple[bytes, int]: ...
def text_fold(
    blocks: Buffer, cells: Buffer, pool: Buffer, text: str, /
) -> tuple[str, str, tuple[int, ...], int]: ...
def text_features(text: str, bits: int, /) -> bytes: ...
def text_weigh(text: str, bits: int, weights: Buffer, /) -> tuple[int, int]: ...

@final
class Ring:
    def __new__(
        cls,
        codes: Buffer,
        off: Buffer,
        key: Buffer,
        ids: Buffer,
        width: int,
        verify: Buffer | None = None,
        /,
    ) -> Ring: ...
    def search(
        self,
        query: Buffer,
        radius: int,
        deleted: Buffer | None,
        verify: Buffer | None,
        limit: int,
        /,
    ) -> tuple[bytes, bytes]: ...
    def first(
        self,
        query: Buffer,
        radius: int,
        deleted: Buffer | None,
        verify: Buffer | None,
        limit: int,
        /,
    ) -> tuple[bytes, bytes]: ...
    def nearest(
        self,
        query: Buffer,
        radius: int,
        deleted: Buffer | None,
        verify: Buffer | None,
        limit: int,
        k: int,
        /,
    ) -> tuple[bytes, bytes]: ...
    def search_batch(
        self,
        queries: Buffer | None,
        radius: int,
        deleted: Buffer | None,
        verify: Buffer | None,
        limit: int,
        /,
    ) -> tuple[bytes, bytes, bytes]: ...
