"""Protects buckets: only named ones, signed as the stores expect, no way out of a bucket."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.conftest import SettableClock

from breakwater.errors import BadSettings, FetchRefused
from breakwater.intake.objectstores import Credentials, ObjectStores, presigned

AMAZON = Credentials(
    "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1"
)
"""The published example, not a secret of anybody's."""


def test_the_signature_is_amazon_s_published_one() -> None:
    """Amazon S3 API reference, "Authenticating Requests: Using Query Parameters", the example."""
    url = presigned(
        "https://examplebucket.s3.amazonaws.com/test.txt",
        AMAZON,
        now=datetime(2013, 5, 24, tzinfo=UTC),
        life_s=86400,
    )
    signature = parse_qs(urlsplit(url).query)["X-Amz-Signature"]
    assert signature == ["aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"]


@pytest.mark.parametrize(
    ("bucket", "key", "place"),
    [
        ("s3://photos", "s3://photos/a/b.jpg", "https://photos.s3.us-east-1.amazonaws.com/a/b.jpg"),
        ("gs://photos", "gs://photos/a b.jpg", "https://storage.googleapis.com/photos/a%20b.jpg"),
        ("s3://photos=https://store.inside:9000/photos", "s3://photos/x?y#z",
         "https://store.inside:9000/photos/x%3Fy%23z"),
    ],
)  # fmt: skip
def test_a_key_becomes_a_place(clock: SettableClock, bucket: str, key: str, place: str) -> None:
    stores = ObjectStores(clock=clock, buckets=[bucket], credentials=AMAZON)
    url = stores.url(key)
    assert url.partition("?")[0] == place
    assert urlsplit(url).hostname in stores.hosts
    assert AMAZON.secret not in url


@pytest.mark.parametrize(
    "key",
    ["s3://other/a", "gs://photos/a", "s3://photos", "s3://photos/", "s3://photos/../other/a",
     "s3://photos/a/../../b", "s3://photos/./a", "photos/a", "", "s3:///a", "s3://photos.evil/a",
     "S3://photos/a", "s3://photos@evil/a"],
)  # fmt: skip
def test_what_is_not_in_a_named_bucket_is_refused(clock: SettableClock, key: str) -> None:
    stores = ObjectStores(clock=clock, buckets=["s3://photos"], credentials=AMAZON)
    with pytest.raises(FetchRefused):
        stores.url(key)


@pytest.mark.parametrize(
    "bucket", ["photos", "ftp://photos", "s3://", "s3://A", "s3://p=http://inside/p", "s3://pp=//x",
               "s3://photos=https://x/?q", "s3://photos/key"],
)  # fmt: skip
def test_a_bucket_that_cannot_be_is_a_bad_setting(clock: SettableClock, bucket: str) -> None:
    with pytest.raises(BadSettings):
        ObjectStores(clock=clock, buckets=[bucket], credentials=AMAZON)
