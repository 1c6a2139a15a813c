"""Why a decode failed, told apart: bad media or our fault.

Exceptions of Pillow, PyAV and ourselves go in, `Undecodable` comes out. A lazy import inside
the jail once made every valid mp4 "rejected" without a sound, so errors that hostile bytes do
not cause (a refused open, a missing module, an unregistered format) are our fault and raise
an alarm. Both kinds become cases. Tests: `tests/unit/test_media_failures.py`.
"""

from __future__ import annotations

import errno
import struct
from typing import Final

from breakwater.errors import BadInput
from breakwater.model.media import Fault, MediaType, Reason, Undecodable

DETAIL_LENGTH: Final = 200

_OUR_ERRNO: Final = frozenset({
    errno.EPERM, errno.EACCES, errno.ENOENT, errno.EMFILE, errno.ENFILE, errno.ENOSYS,
})  # fmt: skip
"""What a decoder only meets when the jail or the installation is wrong."""

_MEDIA_ERRORS: Final = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError, ZeroDivisionError,
    struct.error, RecursionError, RuntimeError,
)  # fmt: skip
"""What Pillow, pillow-heif and simplejpeg raise on bytes that do not follow their format."""


_CV_NO_MEMORY: Final = -4
"""`cv::Error::StsNoMem`."""

_UNSUPPORTED: Final = ("PatchWelcomeError", "DecoderNotFoundError")


class Unreadable(BadInput):
    """This media cannot be decoded; the reason says why."""

    code = "unreadable"

    def __init__(
        self,
        reason: Reason,
        detail: str = "",
        *,
        fault: Fault = Fault.BAD_MEDIA,
        kind: MediaType | None = None,
    ) -> None:
        """Take what becomes the `Undecodable`."""
        super().__init__(detail)
        self.outcome = Undecodable(reason, fault, detail[:DETAIL_LENGTH], kind)


def undecodable(error: BaseException, kind: MediaType | None = None) -> Undecodable:
    """Name the reason and whose fault an exception of a decoder is."""
    if isinstance(error, Unreadable):
        return Undecodable(
            error.outcome.reason, error.outcome.fault, error.outcome.detail,
            error.outcome.type or kind,
        )  # fmt: skip
    reason, fault = _judge(error)
    return Undecodable(reason, fault, _words(error), kind)


def _words(error: BaseException) -> str:
    """The class and the decoder's own words: printable, one line, short."""
    said = getattr(error, "strerror", None) or error  # FFmpeg's adds a file name
    text = f"{type(error).__name__}: {said}".split("<_io.")[0]  # Pillow's adds our object
    return "".join(c if c.isprintable() else " " for c in text)[:DETAIL_LENGTH]


def _judge(error: BaseException) -> tuple[Reason, Fault]:
    """The table of reasons; what it does not know is our fault."""
    if isinstance(error, MemoryError) or _is_full(error):
        return Reason.TOO_MUCH_MEMORY, Fault.BAD_MEDIA
    if isinstance(error, OSError) and error.errno in _OUR_ERRNO:
        return Reason.OUR_FAULT, Fault.OUR_FAULT
    if _is_av(error, *_UNSUPPORTED):
        return Reason.UNSUPPORTED, Fault.BAD_MEDIA
    text = str(error).lower()
    if isinstance(error, EOFError) or "truncated" in text or "premature end" in text:
        return Reason.TRUNCATED, Fault.BAD_MEDIA
    if isinstance(error, _MEDIA_ERRORS) or _is_av(error, "FFmpegError") or _in_plugin(error):
        return Reason.MALFORMED, Fault.BAD_MEDIA
    return Reason.OUR_FAULT, Fault.OUR_FAULT


def _is_full(error: BaseException) -> bool:
    """Whether a library says in its own way that there is no more memory."""
    if type(error).__module__ == "cv2":
        return getattr(error, "code", None) == _CV_NO_MEMORY
    return getattr(error, "errno", None) == errno.ENOMEM


def _in_plugin(error: BaseException) -> bool:
    """Whether one of Pillow's format plug-ins tripped over the file.

    They raise TypeError or KeyError on a tag that is missing or of another type. The same
    errors from Pillow's core (a format that is not registered) or from here are our fault.
    """
    if not isinstance(error, TypeError | KeyError | AttributeError):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = trace.tb_frame.f_globals.get("__name__", "") if trace is not None else ""
    return str(name).startswith("PIL.") and str(name).endswith("ImagePlugin")


def _is_av(error: BaseException, *names: str) -> bool:
    """Whether it is one of these errors of PyAV, without importing PyAV here."""
    return any(
        base.__module__.startswith("av.") and base.__name__ in names for base in type(error).__mro__
    )
