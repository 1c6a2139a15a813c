"""A bridge from breakwater's pages to people's telephones: standard library and standardwebhooks.

Run it as `python pager_bridge.py whsec_… 8701 PERSON=https://ntfy.example/topic …`, one pair for
each person on duty; ids stand in `breakwater duty show --json`. Set
`BREAKWATER_PAGER_URL=http://127.0.0.1:8701/`, `BREAKWATER_PAGER_SECRET=whsec_…` and
`BREAKWATER_WEBHOOK_PRIVATE_NETWORKS=127.0.0.0/8`. It pushes in the manner of ntfy; replace
`push` for another service.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

WORDS = {
    "case": "A case needs somebody now.",
    "danger": "A child is in danger now.",
    "overdue": "A case is past its due time.",
    "handover": "A colleague offers you their shift.",
    "nobody": "Nobody is on duty.",
    "test": "Test page.",
}


def push(topic: str, words: str, link: str) -> None:
    """Ring one telephone; what raises here is answered with 500, and breakwater tries again."""
    headers = {"Priority": "urgent", "Click": link}
    urlopen(Request(topic, words.encode(), headers), timeout=8).close()  # noqa: S310 - our own topics


class Pages(BaseHTTPRequestHandler):
    """Verifies the signature, then rings the person, or everybody when nobody is on duty."""

    secret = ""
    topics: dict[str, str] = {}  # noqa: RUF012 - set once, before it serves

    def do_POST(self) -> None:
        """Take one page; anything unsigned gets 401 and rings nobody."""
        body = self.rfile.read(min(int(self.headers.get("content-length", 0)), 65_536))
        try:
            Webhook(self.secret).verify(body, {k.lower(): v for k, v in self.headers.items()})
        except WebhookVerificationError:
            self.send_error(401)
            return
        page = json.loads(body)["data"]
        words = WORDS.get(page["kind"], "You are called.")
        wanted = [page["person"]] if page["person"] else list(self.topics)
        try:
            for person in wanted:
                push(self.topics[person], words, page["url"])
        except (KeyError, OSError):
            self.send_error(500)
            return
        self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    Pages.secret = sys.argv[1]
    Pages.topics = dict(pair.split("=", 1) for pair in sys.argv[3:])
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Pages)
    sys.stdout.write(f"Pages come in at http://127.0.0.1:{server.server_port}/\n")
    sys.stdout.flush()
    server.serve_forever()
