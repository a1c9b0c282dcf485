"""Packets and capture files by the book (RFC 791, 768, 9293, 8200; the formats of libpcap), written with nothing of ours."""
import socket
import struct

A, B = ("192.0.2.1", 5060), ("192.0.2.2", 5070)
A6, B6 = ("2001:db8::1", 5060), ("2001:db8::2", 5070)
ETHERNET, NULL, RAW, COOKED, LOOP, IPV4, COOKED2 = 1, 0, 101, 113, 108, 228, 276


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp(payload, a=A, b=B):
    return struct.pack("!HHHH", a[1], b[1], 8 + len(payload), 0) + payload


def tcp(payload, seq, flags=0x18, a=A, b=B):
    return struct.pack("!HHIIBBHHH", a[1], b[1], seq & 0xFFFFFFFF, 1, 5 << 4, flags, 65535, 0, 0) + payload


def ip4(payload, protocol=17, a=A, b=B, number=1, offset=0, more=False):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), number & 0xFFFF, (0x2000 if more else 0) | offset // 8, 64, protocol, 0, socket.inet_aton(a[0]), socket.inet_aton(b[0]))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ip6(payload, protocol=17, a=A6, b=B6, extension=b""):
    return struct.pack("!IHBB", 6 << 28, len(extension) + len(payload), protocol, 64) + socket.inet_pton(socket.AF_INET6, a[0]) + socket.inet_pton(socket.AF_INET6, b[0]) + extension + payload


def pieces(data, size):
    return [(at, data[at:at + size], at + size < len(data)) for at in range(0, len(data), size)]


def fragments4(datagram, size=1480, number=7):
    """IPv4 fragments of what stands behind the IP header."""
    return [ip4(part, number=number, offset=at, more=more) for at, part, more in pieces(datagram, size)]


def fragments6(datagram, size=1400, number=7):
    return [ip6(part, 44, extension=struct.pack("!BBHI", 17, 0, at | more, number)) for at, part, more in pieces(datagram, size)]


def ether(packet, tags=b""):
    return bytes(12) + tags + (b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00") + packet


def pcap(packets, at, link=ETHERNET, order="<", magic=0xA1B2C3D4, snap=262144):
    """`packets`: bytes, or (bytes, second)."""
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for packet in packets:
        data, when = packet if isinstance(packet, tuple) else (packet, at)
        out.append(struct.pack(order + "IIII", when, 0, min(len(data), snap), len(data)) + data[:snap])
    return b"".join(out)


def pcapng(packets, at, link=ETHERNET):
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", link, 0, 262144))
    for data in packets:
        stamp = at * 1000000
        out += block(6, struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(data)) + data)
    return out
