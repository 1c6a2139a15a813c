"""`breakwater links features`: the operator's model of local features, tried in the jail.

In: the folder `features_dir`. Out: whether it can be used, and what stands in the way. See
docs/howto/local-features.md. Reads beside a running server.
"""

from __future__ import annotations

import typer

from breakwater.cli.terminal import BAD, GOOD, WARN, Json, Terminal


def features(*, as_json: Json = False) -> None:
    """Try your model of local features in the jail, on grey alone; exit 1 when it cannot be used."""
    from rich.markup import escape

    from breakwater import settings
    from breakwater.errors import BreakwaterError
    from breakwater.linking.feature_folder import feature_model
    from breakwater.recognition.features import FeatureRun

    terminal, folder = Terminal(as_json=as_json), settings.load().features_dir
    if folder is None:
        line = f"{WARN} There is none: BREAKWATER_FEATURES_DIR is not set."
        terminal.result({"model": None}, line)
        return
    name, why = str(folder), ""
    try:
        model = feature_model(folder)
        name = f"{model.card.name} {model.card.version}"
        FeatureRun(model.card, model.read()).close()
    except BreakwaterError as error:
        why = error.detail or error.title()
    line = f"{BAD} {escape(name)}: {escape(why)}" if why else f"{GOOD} {escape(name)} can be used."
    terminal.result({"model": name, "fit": not why, "words": why}, line)
    if why:
        raise typer.Exit(1)
