"""The operator's model of local features in its folder: whole, or off with the reason.

In: `features_dir` with `features.toml` and `model.onnx`. Out: the card and a way to read the model,
which is summed each time: a file that was changed under its card is off. Read by `app.linking` and
doctor. Tests: `tests/unit/test_feature_card.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from breakwater.errors import BadInput
from breakwater.model.local_features import FeatureCard
from breakwater.model.model_card import MAX_CARD

CARD: Final = "features.toml"
MODEL: Final = "model.onnx"
MOST_BYTES: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class FeatureModel:
    """A model whose card is whole and whose file is the one that it names."""

    card: FeatureCard
    folder: Path

    def read(self) -> bytes:
        """The model, summed anew.

        Raises:
            BadInput: the file is gone or is not the one its card names.
        """
        path = self.folder / MODEL
        if path.is_symlink() or not path.is_file():
            raise BadInput(f"It has no plain file {MODEL}.")
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{MODEL} is larger than {MOST_BYTES >> 20} MiB.")
        body = path.read_bytes()
        if hashlib.sha256(body).hexdigest() != self.card.sha256:
            raise BadInput(f"{MODEL} is not the file that its card names.")
        return body


def feature_model(folder: Path) -> FeatureModel:
    """The model of a folder.

    Raises:
        BadInput: it is not whole; the words say why.
    """
    card = folder / CARD
    try:
        if card.is_symlink() or not card.is_file() or card.stat().st_size > MAX_CARD:
            raise BadInput(f"It has no plain file {CARD}.")
        made = FeatureModel(FeatureCard.parse(card.read_text("utf-8")), folder)
        made.read()
    except UnicodeDecodeError:
        raise BadInput("The card is not text.") from None
    except OSError as error:
        raise BadInput(f"Its files cannot be read ({type(error).__name__}).") from None
    return made
