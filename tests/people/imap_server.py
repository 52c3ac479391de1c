"""A mailbox behind IMAP4rev1 (RFC 3501): as much of a server as one that reads and marks mails needs."""

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

USER, PASSWORD, FOLDER = "bounces@kamplan.example", 'pass "word"\\', "Returned mail"


@dataclass
class Box:
    """Mails, numbered from 1, which of them are read, and every command that came (without what logs in)."""

    mails: list[bytes] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    heard: list[str] = field(default_factory=list)
    port: int = 0


class Session(socketserver.StreamRequestHandler):
    box: Box

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self) -> None:
        self.is_in, self.is_open = False, False
        self.say("* OK IMAP4rev1 ready")
        while line := self.rfile.readline().decode().strip():
            tag, command, rest = [*line.split(" ", 2), ""][:3]
            command = command.upper()
            self.box.heard.append(command if command == "LOGIN" else f"{command} {rest}".strip())
            answer = getattr(self, f"do_{command.lower()}", lambda rest: "BAD not known")(rest)
            self.say(f"{tag} {answer}")
            if command == "LOGOUT":
                return

    def do_capability(self, rest: str) -> str:
        self.say("* CAPABILITY IMAP4rev1")
        return "OK done"

    def do_login(self, rest: str) -> str:
        user, _, given = rest.partition(" ")
        secret = re.sub(r"\\(.)", r"\1", given[1:-1]) if given.startswith('"') else given
        self.is_in = (user, secret) == (USER, PASSWORD)
        return "OK logged in" if self.is_in else "NO [AUTHENTICATIONFAILED] not let in"

    def do_select(self, rest: str) -> str:
        if not self.is_in:
            return "BAD log in first"
        self.is_open = rest == f'"{FOLDER}"'
        if not self.is_open:
            return "NO [NONEXISTENT] no such mailbox"
        self.say(r"* FLAGS (\Seen)")
        self.say(f"* {len(self.box.mails)} EXISTS")
        self.say("* 0 RECENT")
        return "OK [READ-WRITE] done"

    def do_search(self, rest: str) -> str:
        if not self.is_open or rest != "UNSEEN":
            return "BAD select first"
        unseen = (n for n in range(1, len(self.box.mails) + 1) if n not in self.box.seen)
        self.say(" ".join(["* SEARCH", *map(str, unseen)]))
        return "OK done"

    def do_fetch(self, rest: str) -> str:
        wanted = re.fullmatch(r"(\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest)
        if wanted is None:
            return "BAD not known"
        mail = self.box.mails[int(wanted[1]) - 1][: int(wanted[2])]
        self.wfile.write(f"* {wanted[1]} FETCH (BODY[]<0> {{{len(mail)}}}\r\n".encode() + mail + b")\r\n")
        return "OK done"

    def do_store(self, rest: str) -> str:
        number, what = rest.split(" ", 1)
        if what not in {r"+FLAGS \Seen", r"+FLAGS (\Seen)"}:
            return "BAD not known"
        self.box.seen.add(int(number))
        self.say(rf"* {number} FETCH (FLAGS (\Seen))")
        return "OK done"

    def do_logout(self, rest: str) -> str:
        self.say("* BYE")
        return "OK done"


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off, as one that does not trust our certificate does."""


@contextmanager
def imap_server(mails: list[bytes], secured: ssl.SSLContext | None = None) -> Iterator[Box]:
    box = Box(mails)
    handler = type("Handler", (Session,), {"box": box})
    with Server(("127.0.0.1", 0), handler) as server:
        if secured is not None:
            server.socket = secured.wrap_socket(server.socket, server_side=True)
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield box
        server.shutdown()
