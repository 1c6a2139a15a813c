"""Count how often ordinary text shows each cue: `src/breakwater/comments/cues.json`.

In: corpora as `lang|source|licence|path...`; a path is IRC (`[HH:MM] <nick> text`), fortunes,
gettext catalogues (.mo) or a gzipped CSV of which rows labelled `ham` count. Out: hits and
messages by language and cue; no text is kept. Rates are of these corpora, not of any service.
"""

from __future__ import annotations

import csv
import gettext
import gzip
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from breakwater.comments.cues import RATES, shipped
from breakwater.comments.normalise import normalise
from breakwater.model.comment import Cue

IRC = re.compile(r"\[\d\d:\d\d\] <(?P<nick>[^>]+)> (?P<text>.*)")


def messages(path: Path) -> Iterator[str]:
    """The messages of one file."""
    if path.suffix == ".mo":
        with path.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)
        for number, text in vars(catalogue)["_catalog"].items():
            if number and number != text:
                yield text
    elif path.name.endswith(".csv.gz"):
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
        yield from (
            row["text"] for row in csv.DictReader(io.StringIO(text)) if row["label"] == "ham"
        )
    else:
        for line in path.read_text("utf-8", "replace").splitlines():
            match = IRC.match(line)
            if match and match["nick"] != "ubottu":
                yield match["text"]
            elif (
                not match and len(line) > 3 and not line.startswith("[") and "irc" not in path.parts
            ):
                yield line.strip()


def main(arguments: list[str]) -> None:
    """Count and write."""
    cues = shipped()
    corpora: dict[str, list[dict[str, str | int]]] = {}
    hits: Counter[str] = Counter()
    for argument in arguments:
        lang, source, licence, *paths = argument.split("|")
        texts = {text for path in paths for text in messages(Path(path))}
        corpora.setdefault(lang, []).append(
            {"source": source, "licence": licence, "messages": len(texts)}
        )
        for text in texts:
            hits.update(f"{lang}/{cue.value}" for cue in cues.find(normalise(text), lang))
    rates = {
        f"{lang}/{cue.value}": [
            hits[f"{lang}/{cue.value}"],
            sum(int(one["messages"]) for one in found),
        ]
        for lang, found in sorted(corpora.items())
        for cue in Cue
    }
    kept = {"version": 1, "corpora": corpora, "rates": rates}
    RATES.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    for name, (count, total) in rates.items():
        print(f"{name:24} {count:6} of {total}")


if __name__ == "__main__":
    main(sys.argv[1:])
