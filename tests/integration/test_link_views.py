"""Protects everybody on both sides of a picture: no look at a medium without its row, its clock and its right."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from breakwater.errors import BadInput, ExposureLimit, NotAllowed, NotFound
from breakwater.model.access import Principal, Role
from breakwater.model.ids import new_id
from breakwater.model.media import Level
from breakwater.records import audit, views
from tests import builders_links as made
from tests.integration.link_site import LinkSite, link_site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkSite]:
    with link_site(tmp_path_factory.mktemp("link-views"), None) as made_site:
        yield made_site


@pytest.fixture
def who(site: LinkSite) -> Principal:
    return site.principal(site.person())


def test_a_look_is_written_down_and_costs_time(site: LinkSite, who: Principal) -> None:
    looks = site.app.review.link_views
    shown = looks.look(who, item=site.ids[3], frame=0, level=Level.S3, reason="compare")
    assert shown.picture[:4] == b"RIFF"
    with site.app.db.read() as tx:
        (row,) = [one for one in views.of_item(tx, site.ids[3]) if one.person == who.person]
        assert (row.level, row.reason, row.ms) == (Level.S3, "compare", None)
        assert any(
            one.action == "view.start" and one.subject == shown.view for one in audit.page(tx)
        )
    assert site.app.review.exposure.status(who).used.total_seconds() > 0


def test_the_stills_of_a_page_are_one_row_and_only_small(site: LinkSite, who: Principal) -> None:
    frames = [(site.ids[n], 0) for n in (4, 5, 6)]
    stills = site.app.review.link_views.stills(who, frames=frames)
    assert [one.item for one in stills] == [item for item, _ in frames]
    assert all(0 < len(one.picture) < 1500 for one in stills)
    with site.app.db.read() as tx:
        (row,) = [one for one in views.of_item(tx, site.ids[4]) if one.person == who.person]
    assert row.others == (site.ids[5], site.ids[6])
    assert row.level is Level.S1


def test_who_seeks_no_links_or_works_without_pictures_sees_none(site: LinkSite) -> None:
    looks = site.app.review.link_views
    for role in (Role.REVIEWER, Role.GRADER, Role.ADMIN):
        other = site.principal(site.person(role), role)
        with pytest.raises(NotAllowed):
            looks.look(other, item=site.ids[3], frame=0, level=Level.S3, reason="curious")
        with pytest.raises(NotAllowed):
            looks.stills(other, frames=[(site.ids[3], 0)])


def test_colour_and_what_is_no_medium_are_refused(site: LinkSite, who: Principal) -> None:
    looks = site.app.review.link_views
    with pytest.raises(BadInput):
        looks.look(who, item=site.ids[3], frame=0, level=Level.S4, reason="colour")
    with pytest.raises(NotFound):
        looks.look(who, item=new_id(), frame=0, level=Level.S3, reason="compare")


def test_what_is_gone_is_not_shown_and_costs_nothing(site: LinkSite, who: Principal) -> None:
    with site.app.db.transaction() as tx:
        gone = made.medium(tx, 500, media_type="image/png", gone=True)
    with pytest.raises(NotFound):
        site.app.review.link_views.look(who, item=gone, frame=0, level=Level.S3, reason="compare")
    assert site.app.review.link_views.stills(who, frames=[(gone, 0)]) == []
    with site.app.db.read() as tx:
        assert views.of_item(tx, gone) == []
    assert site.app.review.exposure.status(who).used.total_seconds() == 0


def test_who_is_on_a_break_sees_nothing(site: LinkSite, who: Principal) -> None:
    site.app.review.exposure.take_break(who)
    with pytest.raises(ExposureLimit):
        site.app.review.link_views.stills(who, frames=[(site.ids[3], 0)])
