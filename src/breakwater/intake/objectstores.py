"""Object keys (`s3://bucket/key`, `gs://bucket/key`) as presigned URLs, for named buckets only.

In comes a key that a caller sent, out goes an HTTPS URL that is good for five minutes, signed
with the operator's read-only credentials (AWS Signature Version 4, query form; Google's store
takes the same with its HMAC keys). A bucket that the operator did not name is refused. Read
by `intake.references`; tested with Amazon's published example in
`tests/unit/test_intake_objectstores.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlsplit

from breakwater.errors import BadSettings, FetchRefused
from breakwater.model.clock import Clock

SCHEMES: Final = ("s3", "gs")
LIFE_S: Final = 300
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,221}[a-z0-9]")
_SAFE: Final = "-_.~"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A read-only pair of the operator's.

    Attributes:
        access, secret: key id and secret.
        region: as the store names it; Google takes `auto`.
    """

    access: str = ""
    secret: str = ""
    region: str = "us-east-1"


class ObjectStores:
    """Signs keys of the operator's buckets."""

    def __init__(self, *, clock: Clock, buckets: Sequence[str], credentials: Credentials) -> None:
        """Take the list of buckets.

        Args:
            clock: for the signature's date.
            buckets: `s3://bucket` or `gs://bucket`, or with a place of its own
                `s3://bucket=https://store.inside:9000/bucket`.
            credentials: that may read them.

        Raises:
            BadSettings: an entry that cannot be read.
        """
        self._clock = clock
        self._credentials = credentials
        self._places: Mapping[str, str] = dict(_place(entry, credentials) for entry in buckets)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where the buckets stand."""
        return tuple(sorted({urlsplit(place).hostname or "" for place in self._places.values()}))

    def url(self, key: str) -> str:
        """A presigned URL for a key.

        Raises:
            FetchRefused: its bucket is not on the list, or it is not a key.
        """
        scheme, _, rest = key.partition("://")
        bucket, _, name = rest.partition("/")
        place = self._places.get(f"{scheme}://{bucket}")
        if place is None:
            raise FetchRefused("Its bucket is not on the list of allowed buckets.")
        if not name or any(part in {".", ".."} for part in name.split("/")):
            raise FetchRefused("An object key is s3://bucket/key or gs://bucket/key.")
        url = f"{place}/{quote(name, safe='/' + _SAFE)}"
        return presigned(url, self._credentials, now=self._clock.now())


def presigned(url: str, credentials: Credentials, *, now: datetime, life_s: int = LIFE_S) -> str:
    """Sign a GET of a URL, as Amazon's "Authenticating Requests: Using Query Parameters" says."""
    parts = urlsplit(url)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    scope = f"{day}/{credentials.region}/s3/aws4_request"
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{credentials.access}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(life_s),
        "X-Amz-SignedHeaders": "host",
    }
    text = "&".join(f"{quote(k, safe=_SAFE)}={quote(query[k], safe=_SAFE)}" for k in sorted(query))
    request = f"GET\n{parts.path}\n{text}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    signing = f"AWS4{credentials.secret}".encode()
    for word in (day, credentials.region, "s3", "aws4_request"):
        signing = hmac.digest(signing, word.encode(), "sha256")
    wanted = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}".encode()
    signature = hmac.digest(signing, wanted, "sha256").hex()
    return f"{url}?{text}&X-Amz-Signature={signature}"


def _place(entry: str, credentials: Credentials) -> tuple[str, str]:
    name, _, place = entry.partition("=")
    scheme, _, bucket = name.partition("://")
    if scheme not in SCHEMES or not _BUCKET.fullmatch(bucket):
        raise BadSettings("An object bucket is s3://bucket or gs://bucket, perhaps =https://place.")
    if not place:
        place = (
            f"https://storage.googleapis.com/{bucket}"
            if scheme == "gs"
            else f"https://{bucket}.s3.{credentials.region}.amazonaws.com"
        )
    parts = urlsplit(place)
    if parts.scheme != "https" or not parts.hostname or parts.query:
        raise BadSettings(f"The place of {name} is an https address without a query.")
    return name, place.rstrip("/")
