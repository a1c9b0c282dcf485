"""SIP by hand, for what SIPp cannot say: messages taken apart and put together, a peer on UDP that keeps all it heard."""
import base64
import json
import re
import socket
import threading
import time
import uuid


class Message:
    """One SIP message: first line, headers in their order, body."""

    def __init__(self, data):
        head, _, self.body = data.partition(b"\r\n\r\n")
        self.first, *lines = re.sub(r"\r\n[ \t]+", " ", head.decode(errors="replace")).split("\r\n")
        self.headers = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    @property
    def method(self):
        """Of a request; "" of an answer."""
        return "" if self.first.startswith("SIP/2.0 ") else self.first.split()[0]

    @property
    def code(self):
        """Of an answer; 0 of a request."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0 ") else 0

    def all(self, name):
        return [value for header, value in self.headers if header.lower() == name.lower()]

    def one(self, name):
        """The only one; "" where there is none or there are two."""
        found = self.all(name)
        return found[0] if len(found) == 1 else ""

    def reply(self, code, phrase, headers=(), tag="callee"):
        """An answer to this request."""
        lines = [f"SIP/2.0 {code} {phrase}"]
        for name in ("Via", "Record-Route", "From", "To", "Call-ID", "CSeq"):
            lines += [f"{name}: {value}" + (f";tag={tag}" if name == "To" and code > 100 and ";tag=" not in value else "") for value in self.all(name)]
        return "\r\n".join([*lines, *headers, "Content-Length: 0", "", ""]).encode()


def invite(orig, dest, at, sender, headers=(), call_id=None, branch=None, host=None, body="", cseq=1, scheme=None):
    """An INVITE from `orig` to `dest`, to be sent to `at` by `sender` (both "address:port")."""
    uri = scheme or f"sip:{dest}@{host or at};user=phone"
    lines = [f"INVITE {uri} SIP/2.0", f"Via: SIP/2.0/UDP {sender};branch={branch or 'z9hG4bK' + uuid.uuid4().hex};rport", "Max-Forwards: 70",
             f"From: <sip:{orig}@{sender};user=phone>;tag={uuid.uuid4().hex[:8]}", f"To: <sip:{dest}@{host or at};user=phone>", f"Call-ID: {call_id or uuid.uuid4().hex}",
             f"CSeq: {cseq} INVITE", f"Contact: <sip:{orig}@{sender}>", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()


def ack_of(sent, answer):
    """The ACK of an answer that is no 2xx."""
    lines = [f"ACK {sent.first.split()[1]} SIP/2.0", f"Via: {sent.all('Via')[0]}", "Max-Forwards: 70", f"From: {sent.one('From')}", f"To: {answer.one('To')}",
             f"Call-ID: {sent.one('Call-ID')}", f"CSeq: {sent.one('CSeq').split()[0]} ACK"]
    return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()


class Peer(threading.Thread):
    """Listens on UDP, keeps what it hears with its time, and answers as `answer(message)` says (a list of datagrams)."""

    def __init__(self, address, answer=None):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.port = self.socket.getsockname()[1]
        self.at = f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"
        self.heard, self.changed, self.answer = [], threading.Condition(), answer
        self.start()

    def run(self):
        while True:
            data, peer = self.socket.recvfrom(65535)
            message = Message(data)
            message.raw, message.at, message.peer = data, time.monotonic(), peer
            for reply in self.answer(message) if self.answer else ():
                self.socket.sendto(reply, peer)
            with self.changed:
                self.heard.append(message)
                self.changed.notify_all()

    def send(self, data, at):
        host, _, port = at.rpartition(":")
        self.socket.sendto(data, (host.strip("[]"), int(port)))

    def wait(self, wanted, seconds=5.0, n=1):
        """The first `n` messages that are `wanted`; fewer when the time is over."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                found = [message for message in self.heard if wanted(message)]
                left = end - time.monotonic()
                if len(found) >= n or left <= 0:
                    return found[:n]
                self.changed.wait(left)

    def call(self, data, at, seconds=5.0):
        """Send an INVITE and wait for its final answer, which is acknowledged when it is no 2xx. (answer or None, seconds it took)"""
        sent, begun = Message(data), time.monotonic()
        self.send(data, at)
        answers = self.wait(lambda m: m.code >= 200 and m.one("Call-ID") == sent.one("Call-ID") and m.all("Via")[0].split("branch=")[1].split(";")[0] in sent.all("Via")[0], seconds)
        if not answers:
            return None, time.monotonic() - begun
        if answers[0].code >= 300:
            self.send(ack_of(sent, answers[0]), at)
        return answers[0], answers[0].at - begun


def callee(message):
    """What a telephone says: it rings, and is answered."""
    if message.method == "INVITE":
        return [message.reply(180, "Ringing"), message.reply(200, "OK", ["Contact: <sip:callee@127.0.0.1:9>"])]
    return [message.reply(200, "OK")] if message.method in ("OPTIONS", "BYE", "CANCEL") else []


class MutePort:
    """Takes TCP connections, by the kernel alone, and never says a word."""

    def __init__(self, address):
        self.socket = socket.create_server((address, 0), backlog=128)
        self.at = f"{address}:{self.socket.getsockname()[1]}"


def claims_of(identity):
    """(header, payload) of the token in an Identity's value."""
    parts = identity.split(";")[0].strip().split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
