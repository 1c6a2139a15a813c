"""What the doctor says of comments: which model and lists weigh, or why nothing does."""

from __future__ import annotations

from tests.ports import free_port

from breakwater.app.checks_comments import comments, irc
from breakwater.comments.model import SHIPPED
from breakwater.settings import load

LIST = """
version: 1
id: list-A
source: {owner: "us", licence: "own", expires: 2999-12-31}
confidential: true
defaults: {match: skeleton_token, weight_nats: 3.0, lang: any}
entries:
  - {t: "canary", id: a1}
"""


def found(**settings):
    (check,) = comments(load(**settings))
    return check


def test_without_a_model_it_says_what_counts():
    assert found().state == "ok"
    assert "no model" in found().found
    assert found(comments_enabled=False).found == "off"


def test_the_shipped_model_is_called_what_it_is():
    assert "surrogate" in found(comments_package="surrogate").found


def test_a_list_is_named_and_its_terms_are_not(tmp_path):
    path = tmp_path / "list.yaml"
    path.write_text(LIST)
    path.chmod(0o600)
    said = found(comments_lexicons=(str(path),))
    assert said.state == "ok"
    assert "list-A" in said.found
    path.chmod(0o644)
    said = found(comments_lexicons=(str(path),))
    assert said.state == "warn"
    assert "0600" in said.found
    assert "unscored" in said.todo
    assert "canary" not in repr(said)


def test_a_package_that_is_none_is_told(tmp_path):
    assert found(comments_package=str(tmp_path)).state == "warn"


def test_a_challenger_and_an_encoder_that_cannot_be_used_are_told_and_comments_are_weighed(
    tmp_path,
):
    shadow = load(comments_package="surrogate", comments_challenger=str(SHIPPED))
    weighs, challenger = comments(shadow)
    assert (weighs.state, challenger.state) == ("ok", "ok")
    assert "in shadow" in challenger.found
    none = str(tmp_path / "none")
    told = {
        one.name: one
        for one in comments(load(comments_challenger=none, comments_encoder=str(tmp_path)))
    }
    assert told["comments"].state == "ok"
    for name in ("comments_challenger", "comments_encoder"):
        assert told[name].state == "warn"
        assert "without it" in told[name].todo


def test_an_irc_server_that_is_away_or_wrongly_named_is_told():
    assert list(irc(load())) == []
    named = {"comments_irc_nick": "bwater", "comments_irc_channels": ("#quay=edge:live/quay",)}
    (away,) = irc(load(comments_irc_url=f"irc://127.0.0.1:{free_port()}", **named))
    assert (away.state, away.name) == ("warn", "comments_irc")
    assert "does not answer" in away.found
    (wrong,) = irc(load(comments_irc_url="http://127.0.0.1", **named))
    assert wrong.state == "bad"
