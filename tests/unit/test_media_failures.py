"""Bad media and our fault are told apart: a blind scanner must raise an alarm."""

import errno
import struct

import av.error
import cv2
import pytest
from PIL import Image, UnidentifiedImageError

from breakwater.media.failures import DETAIL_LENGTH, Unreadable, undecodable
from breakwater.model.media import Fault, MediaType, Reason


def opencv(code: int) -> cv2.error:
    """As OpenCV raises it."""
    error = cv2.error("OpenCV(5.0.0): error")
    error.code = code
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("image file is truncated (12 bytes not processed)"), Reason.TRUNCATED),
        (EOFError("no more"), Reason.TRUNCATED),
        (OSError("broken data stream when reading image file"), Reason.MALFORMED),
        (OSError(errno.EINVAL, "Invalid argument"), Reason.MALFORMED),
        (UnidentifiedImageError("cannot identify image file <_io.BytesIO object at 0x7f>"),
         Reason.MALFORMED),
        (SyntaxError("not a PNG file"), Reason.MALFORMED),
        (struct.error("unpack requires 4 bytes"), Reason.MALFORMED),
        (av.error.InvalidDataError(1, "Invalid data"), Reason.MALFORMED),
        (av.error.PatchWelcomeError(1, "Not yet implemented"), Reason.UNSUPPORTED),
        (av.error.DecoderNotFoundError(1, "Decoder not found"), Reason.UNSUPPORTED),
        (MemoryError(), Reason.TOO_MUCH_MEMORY),
        (av.error.MemoryError(errno.ENOMEM, "Cannot allocate memory"), Reason.TOO_MUCH_MEMORY),
        (opencv(cv2.Error.StsNoMem), Reason.TOO_MUCH_MEMORY),
    ],
)  # fmt: skip
def test_damage_is_the_medias_fault(error: Exception, reason: Reason) -> None:
    outcome = undecodable(error, MediaType.PNG)
    assert (outcome.reason, outcome.fault, outcome.type) == (
        reason, Fault.BAD_MEDIA, MediaType.PNG,
    )  # fmt: skip


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EPERM, "Operation not permitted"),
        av.error.PermissionError(errno.EPERM, "Operation not permitted"),
        FileNotFoundError(errno.ENOENT, "No such file"),
        OSError(errno.EMFILE, "Too many open files"),
        ModuleNotFoundError("No module named 'PIL.WebPImagePlugin'"),
        KeyError("HEIF"),
        LookupError("unknown encoding: idna"),
        TypeError("ours"),
        opencv(cv2.Error.StsAssert),
        AttributeError("ours"),
    ],
)
def test_what_bytes_cannot_cause_is_our_fault(error: Exception) -> None:
    outcome = undecodable(error)
    assert (outcome.reason, outcome.fault) == (Reason.OUR_FAULT, Fault.OUR_FAULT)


def test_a_format_that_is_not_registered_is_our_fault(tmp_path) -> None:
    path = tmp_path / "x.png"
    Image.new("L", (4, 4)).save(path)
    with pytest.raises(KeyError) as caught:
        Image.open(path, formats=("NOSUCH",))
    assert undecodable(caught.value).fault is Fault.OUR_FAULT


def test_the_words_are_short_printable_and_without_addresses_of_objects() -> None:
    error = UnidentifiedImageError("cannot identify \n\x1b[31m <_io.BytesIO object at 0x7f00> ")
    detail = undecodable(error).detail
    assert detail.isprintable()
    assert "0x7f" not in detail
    assert len(undecodable(ValueError("x" * 999)).detail) <= DETAIL_LENGTH


def test_a_named_reason_stays_and_learns_the_type() -> None:
    outcome = undecodable(Unreadable(Reason.TOO_LONG, "9 s"), MediaType.MP4)
    assert (outcome.reason, outcome.detail, outcome.type) == (
        Reason.TOO_LONG, "9 s", MediaType.MP4,
    )  # fmt: skip
