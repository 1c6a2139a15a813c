"""A reference server of the account.snapshot callback: standard library and standardwebhooks.

Run it as `python snapshot_server.py whsec_… 8700` and set
`BREAKWATER_SNAPSHOT_URL=http://127.0.0.1:8700/` and `BREAKWATER_SNAPSHOT_SECRET=whsec_…`.
Replace `look_up` by a query to your own accounts.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def look_up(service: str, account: str) -> dict[str, object]:
    """What your service knows of one account; leave out what it does not know."""
    return {
        "account": account,
        "display_names": [f"{service}-{account}"],
        "created_at": "2026-01-02T03:04:05Z",
        "logins": [{"address": "192.0.2.7", "port": 40001, "at": "2026-11-01T09:00:00Z"}],
        "linked_accounts": [],
        "identity_documents": False,
    }


class Callback(BaseHTTPRequestHandler):
    """Verifies the signature, then answers."""

    secret = ""

    def do_POST(self) -> None:
        """Answer one signed question; anything unsigned gets 401 and no data."""
        body = self.rfile.read(min(int(self.headers.get("content-length", 0)), 65_536))
        try:
            Webhook(self.secret).verify(body, {k.lower(): v for k, v in self.headers.items()})
        except WebhookVerificationError:
            self.send_error(401)
            return
        asked = json.loads(body)["data"]
        answer = json.dumps(look_up(asked["service"], asked["account"])).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


if __name__ == "__main__":
    Callback.secret = sys.argv[1]
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Callback).serve_forever()
