"""`breakwater hub`: members and their keys, shared lists, release rules, the simulator, publication.

In: names of members and lists. Out: tables, or JSON; a key's token once, with lines to copy for
each client. What lets something out is proposed here and agreed to by a person in the console.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from breakwater.cli.hub_import import import_
from breakwater.cli.hub_opening import member_id, opened
from breakwater.cli.hub_packs import pack, unpack
from breakwater.cli.terminal import GOOD, WARN, Json, Terminal

app = typer.Typer(
    help="Run a hub: who shares which lists with whom.", no_args_is_help=True, add_completion=False
)
member = typer.Typer(help="Members and their keys.", no_args_is_help=True)
shared = typer.Typer(help="Shared lists.", no_args_is_help=True)
rule = typer.Typer(help="Release rules.", no_args_is_help=True)
app.add_typer(member, name="member")
app.add_typer(shared, name="list")
app.add_typer(rule, name="rule")
app.command("import")(import_)
app.command()(pack)
app.command()(unpack)

Name = Annotated[str, typer.Argument(help="Of the member.")]
ListName = Annotated[str, typer.Argument(help="Name of the bank.")]
Reason = Annotated[str, typer.Option(help="Why, for the second person and for the audit log.")]
Option = typer.Option


@app.callback()
def group() -> None:
    """Run a hub: who shares which lists with whom."""


@member.command("add")
def add(
    name: Name,
    *,
    kind: Annotated[str, Option(help="service, hotline, police, charity or research.")] = "service",
    country: Annotated[str, Option(help="ISO 3166-1 alpha-2, such as DE.")] = "",
    contact: Annotated[str, Option(help="How its people are reached.")] = "",
    purpose: Annotated[
        list[str] | None, Option(help="detection, investigation or research; repeat.")
    ] = None,
    trusted: Annotated[bool, Option(help="What it gives needs no second person.")] = False,
    as_json: Json = False,
) -> None:
    """Take a member in; it sees nothing until a rule says so."""
    body = {
        "name": name, "kind": kind, "country": country, "contact": contact, "trusted": trusted,
        "purposes": purpose or ["detection"],
    }  # fmt: skip
    made = _do("take_in", body=body, as_json=as_json)
    words = f"{GOOD} {name} is member {made['number']}.\n  Next: breakwater hub member key '{name}'"
    Terminal(as_json=as_json).result(made, words)


@member.command("list")
def members(*, as_json: Json = False) -> None:
    """List members."""
    rows = _do("members", as_json=as_json)["members"]
    shown = [{**row, "for": ", ".join(row["purposes"])} for row in rows]
    columns = {"number": "No.", "name": "Name", "kind": "Kind", "country": "Country",
               "state": "State", "for": "For"}  # fmt: skip
    _table(shown, columns, "No member yet: breakwater hub member add NAME", as_json=as_json)


@member.command("show")
def show(name: Name, *, as_json: Json = False) -> None:
    """Show a member, its keys and how it follows."""
    with opened(as_json) as desk:
        found = desk.hub("member", member_id(desk, name))
    lines = [f"{found['member']['name']}: {found['member']['kind']}, {found['member']['state']}"]
    lines += [f"  key {one['id']} {one['name']} {'revoked' if one['revoked_at'] else 'in force'}" for one in found["keys"]]  # fmt: skip
    lines += [f"  {one['dialect']}: last {one['last_at']}, {one['rows']} rows, {one['errors']} errors" for one in found["pulls"]]  # fmt: skip
    Terminal(as_json=as_json).result(found, "\n".join(lines))


@member.command("state")
def state(
    name: Name,
    to: Annotated[str, typer.Argument(help="active, suspended or left.")],
    *,
    as_json: Json = False,
) -> None:
    """Suspend a member, let it back, or note that it left: then its keys end."""
    with opened(as_json) as desk:
        done = desk.hub("change", member_id(desk, name), {"state": to})
    Terminal(as_json=as_json).result(done, f"{GOOD} {name} is {done['state']}.")


@member.command("key")
def key(
    name: Name,
    *,
    label: Annotated[str, Option(help="What the key is for.")] = "feed",
    give: Annotated[bool, Option(help="It may give as well as pull.")] = False,
    deconflict: Annotated[bool, Option(help="It may ask who else works on a file.")] = False,
    network: Annotated[
        list[str] | None, Option(help="Addresses it may be used from, as CIDR; repeat.")
    ] = None,
    site: Annotated[str, Option(help="Where members reach the hub.")] = "https://hub.example",
    as_json: Json = False,
) -> None:
    """Make a key that speaks for a member; prints lines to copy for each client."""
    from breakwater.hub.clients import lines

    body = {"name": label, "give": give, "deconflict": deconflict, "networks": network or []}
    with opened(as_json) as desk:
        made = desk.hub("give_key", member_id(desk, name), body)
        lists = [one["name"] for one in desk.hub("lists")["lists"]]
    said = lines(site, made["token"], lists)
    words = f"{GOOD} Key of {name}; it is shown this once:\n  {made['token']}"
    for one in said:
        words += f"\n\n{one.client}:\n" + "\n".join(f"  {line}" for line in one.lines)
    words += f"\n\nIts own page, opened with the key: {site.rstrip('/')}/portal"
    Terminal(as_json=as_json).result(
        {**made, "clients": {one.client: list(one.lines) for one in said}}, words
    )


@member.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key.")], *, as_json: Json = False
) -> None:
    """Stop a key of a member."""
    done = _do("revoke_key", key_id, as_json=as_json)
    Terminal(as_json=as_json).result(done, f"{GOOD} {done['name']} is revoked.")


@shared.command("share")
def share(
    name: ListName,
    *,
    tlp: Annotated[str, Option(help="Traffic light: red, amber, green or clear.")] = "amber",
    closed: Annotated[bool, Option(help="Members may not give to it.")] = False,
    as_json: Json = False,
) -> None:
    """Share a bank. This releases nothing: a rule does."""
    done = _do("share", name, {"tlp": tlp, "open": not closed}, as_json=as_json)
    words = f"{GOOD} {name} is shared.\n  Next: breakwater hub rule add --list {name} --to MEMBER --purpose detection --reason …"
    Terminal(as_json=as_json).result(done, words)


@shared.command("list")
def lists(*, as_json: Json = False) -> None:
    """List what is shared."""
    rows = _do("lists", as_json=as_json)["lists"]
    shown = [{**row, "gives": "open" if row["open"] else "closed"} for row in rows]
    columns = {"name": "List", "tlp": "TLP", "gives": "For members to give"}
    _table(shown, columns, "Nothing is shared: breakwater hub list share BANK", as_json=as_json)


@shared.command("end")
def end_list(name: ListName, *, as_json: Json = False) -> None:
    """Share a bank no more; members are told that its entries are gone."""
    done = _do("unshare", name, as_json=as_json)
    Terminal(as_json=as_json).result(done, f"{GOOD} {name} is shared no more.")


@rule.command("add")
def add_rule(
    *,
    deny: Annotated[bool, Option(help="It denies, instead of allowing; at once.")] = False,
    source: Annotated[str, Option(help="Member that gave it.")] = "",
    list_: Annotated[str, Option("--list", help="Name of the list.")] = "",
    to: Annotated[str, Option(help="Member that asks.")] = "",
    kind: Annotated[str, Option(help="Kind of the member that asks.")] = "",
    country: Annotated[str, Option(help="Country of the member that asks.")] = "",
    purpose: Annotated[str, Option(help="What for.")] = "",
    category: Annotated[str, Option(help="As it was graded, or a label.")] = "",
    expires: Annotated[str, Option(help="Until when, as RFC 3339.")] = "",
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Add a rule. One that allows waits until a person agrees in the console."""
    with opened(as_json) as desk:
        said = {
            "source": member_id(desk, source) if source else None, "list": list_,
            "recipient": member_id(desk, to) if to else None, "recipient_kind": kind,
            "recipient_country": country, "purpose": purpose, "category": category,
            "expires_at": expires,
        }  # fmt: skip
        body = {name: value for name, value in said.items() if value}
        body |= {"effect": "deny" if deny else "allow", "reason": reason}
        done = desk.hub("add_rule", body=body)
    Terminal(as_json=as_json).result(done, _waits(done, "The rule stands."))


@rule.command("list")
def rules(*, as_json: Json = False) -> None:
    """List rules in force, and what waits."""
    with opened(as_json) as desk:
        found = desk.hub("rules")
        names = {one["id"]: one["name"] for one in desk.hub("members")["members"]}
        names |= {one["bank"]: one["name"] for one in desk.hub("lists")["lists"]}
    terminal = Terminal(as_json=as_json)
    if as_json:
        terminal.result(found, "")
        return
    shown = [{**row, "who": _says(row, names)} for row in found["rules"]]
    if not shown:
        terminal.say(f"{WARN} No rule: nothing goes out. breakwater hub rule add --reason …")
    else:
        terminal.table(
            shown,
            {"id": "Rule", "effect": "Says", "who": "Of what", "reason": "Why"},
            whole=("id",),
        )
    for one in found["waiting"]:
        terminal.say(f"{WARN} Waits for a second person: {one['subject']} {one['reason']}")


@rule.command("end")
def end_rule(
    rule_id: Annotated[str, typer.Argument(help="Id of the rule.")],
    *,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """End a rule. The end of one that denies waits until a person agrees in the console."""
    done = _do("end_rule", rule_id, {"reason": reason}, as_json=as_json)
    Terminal(as_json=as_json).result(done, _waits(done, "The rule has ended."))


@app.command()
def simulate(
    name: Name,
    *,
    purpose: Annotated[str, Option(help="What for.")] = "detection",
    entry: Annotated[int, Option(help="Number of one entry, instead of all.")] = 0,
    as_json: Json = False,
) -> None:
    """Show what a member would see, and why not the rest; nothing goes out."""
    with opened(as_json) as desk:
        body: dict[str, Any] = {"member": member_id(desk, name), "purpose": purpose}
        found = desk.hub("simulate", body=body | ({"entry": entry} if entry else {}))
    terminal = Terminal(as_json=as_json)
    if as_json:
        terminal.result(found, "")
        return
    shown = [{**row, "source": row["source"] or "this hub", "goes": "yes" if row["allowed"] else "no", "rule": row["rule"] or ""} for row in found["lines"]]  # fmt: skip
    columns = {"goes": "Goes out", "entries": "Entries", "list": "List", "source": "Given by",
               "category": "Category", "words": "Why", "rule": "Rule"}  # fmt: skip
    if shown:
        terminal.table(shown, columns)
    terminal.say(f"Entries that go out: {found['released']:,}; that stay: {found['withheld']:,}.")


@app.command()
def publish(
    number: Annotated[int, typer.Argument(help="Of the batch; without: list what waits.")] = 0,
    *,
    reason: Annotated[str, Option(help="Why, for the second person.")] = "",
    as_json: Json = False,
) -> None:
    """Propose that a batch goes out; a person agrees in the console. Without a number: list."""
    if number:
        done = _do("publish", str(number), {"reason": reason}, as_json=as_json)
        words = f"{GOOD} Batch {number} waits for a second person, in the console under Hub."
        Terminal(as_json=as_json).result(done, words)
        return
    rows = _do("publications", as_json=as_json)["publications"]
    shown = [{**row, "waits": "for a second person" if row["waits"] else "for a first"} for row in rows]  # fmt: skip
    columns = {"number": "Batch", "member": "Given by", "way": "By", "category": "Category",
               "kept": "Entries", "bad": "Bad rows", "waits": "Waits"}  # fmt: skip
    _table(shown, columns, "No batch waits.", as_json=as_json)


@app.command()
def health(*, as_json: Json = False) -> None:
    """Show how members follow: last request, rows, errors."""
    with opened(as_json) as desk:
        pulls = desk.hub("health")["pulls"]
        names = {one["id"]: one["name"] for one in desk.hub("members")["members"]}
    shown = [{**row, "member": names.get(row["member"], row["member"])} for row in pulls]
    columns = {"member": "Member", "dialect": "Way", "last_at": "Last request", "rows": "Rows",
               "requests": "Requests", "errors": "Errors", "fault": "Last error"}  # fmt: skip
    _table(shown, columns, "No member asked for anything yet.", as_json=as_json)


def _do(call: str, of: str = "", body: dict[str, Any] | None = None, *, as_json: bool) -> Any:
    with opened(as_json) as desk:
        return desk.hub(call, of, body)


def _waits(done: dict[str, Any], otherwise: str) -> str:
    if done["waits"] is None:
        return f"{GOOD} {otherwise}"
    return f"{WARN} It waits for a second person, in the console under Hub."


def _says(row: dict[str, Any], names: dict[Any, str]) -> str:
    """What a rule is of, in words; `names` of members by id, of lists by number."""
    said = [
        ("from", names.get(row["source"], row["source"])), ("list", names.get(row["list"], row["list"])),
        ("to", names.get(row["recipient"], row["recipient"])), ("to", row["recipient_kind"]),
        ("in", row["recipient_country"]), ("for", row["purpose"]), ("category", row["category"]),
        ("until", row["expires_at"]),
    ]  # fmt: skip
    return ", ".join(f"{word} {value}" for word, value in said if value) or "everything, to all"


def _table(rows: list[Any], columns: dict[str, str], void: str, *, as_json: bool) -> None:
    terminal = Terminal(as_json=as_json)
    if rows or as_json:
        terminal.table(rows, columns)
    else:
        terminal.say(f"{WARN} {void}")
