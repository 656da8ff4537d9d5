"""Requests that are wrong in one way each, as bytes, with the one answer that each must get (protocol.md §2).

Two kinds: REFUSED (framing or syntax: the connection is closed and nothing behind is read as a request), KEPT (well framed, whatever
else is wrong with it: the next request on the connection is answered). A case is (name, bytes, status or statuses, kind).
"""

import json
import os

REFUSED, KEPT = "refused", "kept"
HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"
VECTORS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vectors", "http", "cases.json")


def get(fields=b"", target=b"/v1/inbox", host=HOST):
    return b"GET " + target + b" HTTP/1.1\r\n" + host + fields + b"\r\n"


def post(fields, body=b""):
    return b"POST /v1/sessions HTTP/1.1\r\n" + HOST + JSON + fields + b"\r\n" + body


def line(text):
    return text + b"\r\n" + HOST + b"\r\n"


def name_of(value):
    text = repr(value)[2:-1]
    return text if len(text) < 50 else text[:40] + "… (%d)" % len(value)


def transfer_encodings():
    """Any Transfer-Encoding, alone or with a length, before or behind it: 411."""
    values = [b"chunked", b"identity", b"xchunked", b"chunked, chunked", b",chunked", b"chunked,", b"gzip, chunked", b"cHuNkEd", b"\tchunked",
              b"\x0bchunked", b"\x0cchunked", b"chun\x00ked", b"", b"chunked\r\n\tfolded", b"\"chunked\"", b"chunked;q=1", b"\xc2\xa0chunked"]
    for value in values:
        field = b"Transfer-Encoding: " + value + b"\r\n"
        yield "TE %s" % name_of(value), post(field, b"0\r\n\r\n"), 411, REFUSED
        yield "CL and TE %s" % name_of(value), post(b"Content-Length: 5\r\n" + field, b"0\r\n\r\n"), 411, REFUSED
        yield "TE %s and CL" % name_of(value), post(field + b"Content-Length: 5\r\n", b"0\r\n\r\n"), 411, REFUSED
    chunked = b"Transfer-Encoding: chunked\r\n"
    yield "two TE", post(chunked + chunked, b"0\r\n\r\n"), 411, REFUSED
    yield "TE in small letters", post(b"transfer-encoding:chunked\r\n", b"0\r\n\r\n"), 411, REFUSED
    yield "TE of a GET", get(chunked) + b"0\r\n\r\n", 411, REFUSED
    yield "TE behind a field of bad form", post(b"Bad Name: x\r\n" + chunked, b"0\r\n\r\n"), 411, REFUSED
    yield "TE on HTTP/1.0", b"POST /v1/sessions HTTP/1.0\r\n" + HOST + chunked + b"\r\n0\r\n\r\n", 400, REFUSED
    yield "TE and CL on HTTP/1.0", b"POST /v1/sessions HTTP/1.0\r\n" + HOST + chunked + b"Content-Length: 5\r\n\r\n0\r\n\r\n", 400, REFUSED
    for method in (b"POST /v1/sessions", b"PUT /v1/password", b"PATCH /v1/inbox"):
        yield "%s without a length" % method.decode(), method + b" HTTP/1.1\r\n" + HOST + JSON + b"\r\n", 411, REFUSED


def chunked_bodies():
    """What a parser of chunks would stumble over is never reached: 411 comes first."""
    bodies = [b"-1\r\nx\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n", b"5_\r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n",
              b"FFFFFFFFFFFFFFFFF\r\n", b"10000000000000005\r\nhello\r\n0\r\n\r\n", b"5;" + b"e" * 65536 + b"\r\nhello\r\n0\r\n\r\n",
              b"5;\r\nhello\r\n0\r\n\r\n", b"5;a\rb\r\nhello\r\n0\r\n\r\n", b"5;a\nb\r\nhello\r\n0\r\n\r\n", b"5;a\x00b\r\nhello\r\n0\r\n\r\n",
              b"5\r\nhello0\r\n\r\n", b"5\r\nhelloXX\r\n0\r\n\r\n", b"5\nhello\n0\n\n", b"0\r\nContent-Length: 5\r\n\r\n",
              b"0\r\nHost: other\r\nAuthorization: x\r\n\r\n", b"", b"\r\n"]
    for body in bodies:
        yield "chunks %s" % name_of(body), post(b"Transfer-Encoding: chunked\r\n", body), 411, REFUSED


def lengths():
    for value in (b"5, 5", b"5,6", b"+5", b"-1", b"-0", b"0x5", b"5_0", b"5 0", b"", b"five", b"5.0", b"5e1", b"5;", b"\"5\"", b"5\xa0",
                  b"18446744073709551616", b"18446744073709551621", b"9223372036854775808", b"5\x00"):
        yield "CL %s" % name_of(value), post(b"Content-Length: " + value + b"\r\n", b"hello"), 400, REFUSED
    five = b"Content-Length: 5\r\n"
    yield "two equal CL", post(five + five, b"hello"), 400, REFUSED
    yield "two CL", post(five + b"Content-Length: 6\r\n", b"hello"), 400, REFUSED
    yield "two CL of other case", post(five + b"content-LENGTH: 5\r\n", b"hello"), 400, REFUSED
    yield "CL 05 is 5, never octal", post(b"Content-Length: 05\r\n", b"hello"), 400, KEPT
    yield "CL 010 is 10, never 8", post(b"Content-Length: 010\r\n", b"0123456789"), 400, KEPT
    # Lies about the length. The rest of a longer body is the next request and judged as such: text is none.
    yield "body of CL 0", post(b"Content-Length: 0\r\n", b"{\"a\":1}\r\n\r\n"), (400, 400), REFUSED
    yield "longer body than CL", post(b"Content-Length: 2\r\n", b"{}{\"b\":1}\r\n\r\n"), (400, 400), REFUSED
    yield "body of a GET", get(b"Content-Length: 5\r\n") + b"hello", 400, REFUSED
    yield "body of a DELETE", b"DELETE /v1/sessions/current HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello", 400, REFUSED
    yield "body of an OPTIONS", b"OPTIONS /v1/inbox HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello", 400, REFUSED
    yield "huge CL without a body", post(b"Content-Length: 9223372036854775807\r\n"), 413, REFUSED
    yield "large CL without a body", post(b"Content-Length: 1048577\r\n"), 413, REFUSED
    # Names that only look like the real one never count.
    yield "Content_Length", post(b"Content_Length: 5\r\n", b"hello"), 411, REFUSED
    yield "Transfer_Encoding", post(b"Transfer_Encoding: chunked\r\nContent-Length: 2\r\n", b"{}"), 400, KEPT
    yield "Content-Length with NBSP", post(b"Content-Length\xc2\xa0: 9\r\nContent-Length: 2\r\n", b"{}"), 400, REFUSED
    yield "Content-Length with a raw NBSP", post(b"Content-Length\xa0: 9\r\nContent-Length: 2\r\n", b"{}"), 400, REFUSED
    yield "X-Content-Length", post(b"X-Content-Length: 9\r\nContent-Length: 2\r\n", b"{}"), 400, KEPT


def fields():
    for field in (b"A : b", b"A\t: b", b"Transfer-Encoding : chunked", b"Content-Length : 5", b": b", b"A", b"A b: c", b"A(x): b", b"\"A\": b",
                  b"\xc3\xa4: b", b"A\x00: b", b"A: \x00", b"A: b\rc: d", b"A: b\r", b"A: \x01", b"A: \x7f", b"A: b\r\n folded",
                  b"A: b\r\n\tfolded", b"A: b\r\n ", b"A: b\nB: c", b"A\r: b", b"\x0bA: b"):
        yield "field %s" % name_of(field), get(field + b"\r\n"), 400, REFUSED
    yield "space before the first field", b"GET /v1/inbox HTTP/1.1\r\n " + HOST + b"\r\n", 400, REFUSED
    yield "tab before the first field", b"GET /v1/inbox HTTP/1.1\r\n\t" + HOST + b"\r\n", 400, REFUSED
    yield "bare LF line ends", b"GET /v1/inbox HTTP/1.1\nHost: localhost\n\n", 400, REFUSED
    yield "one bare LF", b"GET /v1/inbox HTTP/1.1\r\nHost: localhost\nA: b\r\n\r\n", 400, REFUSED
    yield "bare LF at the end", b"GET /v1/inbox HTTP/1.1\r\nHost: localhost\r\n\n", 400, REFUSED
    yield "bare CR line ends", b"GET /v1/inbox HTTP/1.1\rHost: localhost\r\r", 400, REFUSED
    yield "two Authorization", get(b"Authorization: Bearer a\r\nAuthorization: Bearer a\r\n"), 400, REFUSED
    yield "two Relay-Claim", get(b"Relay-Claim: a\r\nRelay-Claim: a\r\n"), 400, REFUSED
    yield "text beyond ASCII in a value", get("A: 日本\r\n".encode()), 401, KEPT
    for host in (b"", b"a, b", b"a,b", b"user@localhost", b"localhost/v1", b"local host", b"localhost:port", b"[::1", b"localhost#x", b"a?b",
                 b"localhost:443:443", b"\xe6\x97"):
        yield "Host %s" % name_of(host), get(host=b"Host: " + host + b"\r\n"), 400, REFUSED
    yield "no Host", get(host=b""), 400, REFUSED
    yield "two Host", get(host=HOST + b"Host: other\r\n"), 400, REFUSED
    yield "two equal Host", get(host=HOST + b"hOST: localhost\r\n"), 400, REFUSED


def request_lines():
    for text in (b"GET /v1/inbox HTTP/1.0", b"GET /v1/inbox HTTP/1", b"GET /v1/inbox HTTP/01.1", b"GET /v1/inbox HTTP/1.01", b"GET /v1/inbox http/1.1",
                 b"GET /v1/inbox HTTP/9.9", b"GET /v1/inbox HTTP/2.0", b"GET /v1/inbox HTTP/1.2", b"GET /v1/inbox HTTP /1.1", b"GET /v1/inbox",
                 b"GET  /v1/inbox HTTP/1.1", b"GET /v1/inbox  HTTP/1.1", b" GET /v1/inbox HTTP/1.1", b"GET /v1/inbox HTTP/1.1 ",
                 b"GET\t/v1/inbox HTTP/1.1", b"GET /v1/inbox\tHTTP/1.1", b"GET HTTP/1.1", b"GET  HTTP/1.1", b"/v1/inbox HTTP/1.1", b"GET",
                 b"GET /v1/inbox#part HTTP/1.1", b"GET /v1/in box HTTP/1.1", b"GET /v1/in\x00box HTTP/1.1", b"GET /v1/\xe6\x97\xa5 HTTP/1.1",
                 b"GET * HTTP/1.1", b"OPTIONS * HTTP/1.1", b"CONNECT localhost:443 HTTP/1.1", b"GET v1/inbox HTTP/1.1", b"GET ../v1/inbox HTTP/1.1",
                 b"GET https://other/v1/inbox HTTP/1.1", b"GET https://user@localhost/v1/inbox HTTP/1.1", b"GET ftp://localhost/v1/inbox HTTP/1.1",
                 b"GET //localhost:x/ HTTP/1.1 x", b"G(T /v1/inbox HTTP/1.1", b"G\xc3\xa4T /v1/inbox HTTP/1.1", b"G\x00T /v1/inbox HTTP/1.1"):
        yield "line %s" % name_of(text), line(text), 400, REFUSED
    yield "HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, REFUSED
    yield "TLS inside TLS", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", 400, REFUSED
    yield "two empty lines first", b"\r\n\r\n" + get(), 400, REFUSED
    yield "an empty line first", b"\r\n" + get(), 401, KEPT
    # Well formed, and never another route than the literal one.
    for target in (b"/v1/%00inbox", b"/v1/inbox%0d%0aX:y", b"/v1/%c0%af/inbox", b"//v1/inbox", b"/v1//inbox", b"/v1/../v1/inbox", b"/v1/./inbox",
                   b"/v1\\inbox", b"/v1/inbox/", b"/v1/inbox;a=b", b"/v1/%69nbox", b"/V1/inbox", b"/v1/inbox%20", b"/.", b"/..", b"/"):
        yield "target %s" % name_of(target), get(target=target), 404, KEPT
    yield "absolute target of this host", get(target=b"https://localhost/v1/inbox"), 401, KEPT
    yield "absolute target without a path", get(target=b"https://localhost"), 404, KEPT
    for method in (b"TRACE", b"get", b"OPTIONS", b"HEADER", b"BREW"):
        yield "method %s" % name_of(method), line(method + b" /v1/inbox HTTP/1.1"), 405, KEPT


def sizes():
    filler = get(b"A: \r\n")
    yield "16 KiB of headers", get(b"A: " + b"a" * (16384 - len(filler)) + b"\r\n"), 401, KEPT
    yield "16 KiB + 1 of headers", get(b"A: " + b"a" * (16385 - len(filler)) + b"\r\n"), 431, REFUSED
    yield "one field of 64 KiB", get(b"A: " + b"a" * 65536 + b"\r\n"), 431, REFUSED
    yield "10,000 fields", get(b"A: b\r\n" * 10000), 431, REFUSED
    yield "target of 64 KiB", get(target=b"/" + b"a" * 65536), 431, REFUSED
    yield "endless line", b"GET /" + b"a" * 300000, 431, REFUSED
    yield "endless method", b"A" * 300000, 431, REFUSED
    yield "endless field without LF", b"GET /v1/inbox HTTP/1.1\r\n" + HOST + b"A: " + b"a" * 300000, 431, REFUSED


def others():
    """Fields that ask for something that the relay does not do."""
    yield "Upgrade: h2c", get(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"), 401, KEPT
    yield "Upgrade: websocket", get(b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n"), 401, KEPT
    yield "unknown Expect", post(b"Expect: miracles\r\nContent-Length: 2\r\n", b"{}"), 400, KEPT
    yield "Expect with the body already sent", post(b"Expect: 100-continue\r\nContent-Length: 2\r\n", b"{}"), 400, KEPT
    yield "Keep-Alive and Proxy-Connection", get(b"Keep-Alive: timeout=9999\r\nProxy-Connection: close\r\n"), 401, KEPT


def vectors():
    """The desync collection: what is ambiguous or worse is 400 or 411 and closed, in UTF-8 and in Latin-1."""
    with open(VECTORS, encoding="utf-8") as file:
        cases = json.load(file)
    for item in cases:
        version = " " + item["version"] if item["version"] else ""
        text = "%s %s%s\r\n" % (item["method"], item["uri"], version)
        text += "".join("%s: %s\r\n" % (name, value) for name, value in item["headers"])
        if not any(name == "Host" for name, _ in item["headers"]):
            text += "Host: localhost\r\n"
        refused = item["tier"] in ("Ambiguous", "Severe")
        forms = {form.encode(): None for form in (text,)}
        if any("\x7f" < c <= "\xff" for c in text) and not any(c > "\xff" for c in text):
            forms[text.encode("latin-1")] = None
        for number, raw in enumerate(forms):
            yield ("%s: %s%s" % (item["tier"], item["name"], " (Latin-1)" if number else ""), raw + b"\r\n",
                   {400, 411} if refused else {400, 404, 411}, REFUSED if refused else None)


CASES = [case for group in (transfer_encodings, chunked_bodies, lengths, fields, request_lines, sizes, others) for case in group()]
VECTOR_CASES = list(vectors())
