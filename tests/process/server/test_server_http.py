"""What the server takes for HTTP/1, what it refuses and how, and how it frames answers."""

from __future__ import annotations

import json
import time

import pytest

HOST = b"Host: toy\r\n"
END = b"\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def get(*lines: bytes, target: bytes = b"/", version: bytes = b"HTTP/1.1") -> bytes:
    """Return a GET request with the given header lines and no Host of its own."""
    return b"GET " + target + b" " + version + b"\r\n" + b"".join(line + b"\r\n" for line in lines) + END


def post(*lines: bytes, body: bytes = b"") -> bytes:
    """Return a POST request to /echo with a Host."""
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines)
    return head + END + body


def chunked(body: bytes) -> bytes:
    """Return a POST request whose chunked body is *body*, framing included."""
    return post(CHUNKED.strip(), body=body)


H = b"Host: toy"
REFUSED = {
    # The request line: RFC 9112, 3.
    "an HTTP/0.9 request line": (400, b"GET /\r\n\r\n"),
    "no target": (400, b"GET HTTP/1.1\r\n" + HOST + END),
    "two spaces": (400, b"GET  / HTTP/1.1\r\n" + HOST + END),
    "a tab for a space": (400, b"GET\t/ HTTP/1.1\r\n" + HOST + END),
    "a space at its end": (400, b"GET / HTTP/1.1 \r\n" + HOST + END),
    "space before the method": (400, b" GET / HTTP/1.1\r\n" + HOST + END),
    "two empty lines before it": (400, b"\r\n\r\nGET / HTTP/1.1\r\n" + HOST + END),
    "a method in lower case": (400, b"get / HTTP/1.1\r\n" + HOST + END),
    "an illegal character in the method": (400, b"GE{T / HTTP/1.1\r\n" + HOST + END),
    "an endless method": (501, b"A" * 40 + b" / HTTP/1.1\r\n" + HOST + END),
    "CONNECT": (501, b"CONNECT toy:80 HTTP/1.1\r\n" + HOST + END),
    "a target without a slash": (400, get(H, target=b"books")),
    "a target with a fragment": (400, get(H, target=b"/a#b")),
    "a target with raw bytes": (400, get(H, target=b"/\xff")),
    "a target with a NUL": (400, get(H, target=b"/\x00")),
    "an asterisk for GET": (400, get(H, target=b"*")),
    "another scheme": (400, get(H, target=b"ftp://toy/")),
    "a user in an absolute target": (400, get(H, target=b"http://me@toy/")),
    "a URL that is too long": (414, get(H, target=b"/" + b"a" * 1024)),
    "a URL without an end": (414, b"GET /" + b"a" * 2000),
    "a malformed version": (400, get(H, version=b"HTTP/1.10")),
    "a version in lower case": (400, get(H, version=b"http/1.1")),
    "HTTP/0.9 by name": (505, get(H, version=b"HTTP/0.9")),
    "HTTP/2.0": (505, get(H, version=b"HTTP/2.0")),
    "the preface of HTTP/2": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/9.9": (505, get(H, version=b"HTTP/9.9")),
    "a TLS handshake": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    # Host: RFC 9112, 3.2.
    "no Host": (400, get()),
    "two Hosts": (400, get(H, H)),
    "two Hosts that differ": (400, get(H, b"Host: other")),
    "an empty Host": (400, get(b"Host:")),
    "a Host with a space": (400, get(b"Host: a b")),
    "a Host with a path": (400, get(b"Host: a/b")),
    "a Host with a user": (400, get(b"Host: me@a")),
    "a Host with a comma": (400, get(b"Host: a,b")),
    "a Host with a bad port": (400, get(b"Host: a:b")),
    "a Host with a port out of range": (400, get(b"Host: a:65536")),
    "a bad Host of HTTP/1.0": (400, get(b"Host: a b", version=b"HTTP/1.0")),
    "a bad Host beside an absolute target": (400, get(b"Host: a b", target=b"http://toy/")),
    "an absolute target without Host": (400, get(target=b"http://toy/")),
    # Fields: RFC 9112, 5.
    "an underscore in a name": (400, get(H, b"X_Forwarded_For: 1.2.3.4")),
    "Transfer_Encoding": (400, get(H, b"Transfer_Encoding: chunked")),
    "space before the colon": (400, get(H, b"X-A : b")),
    "a tab before the colon": (400, get(H, b"Content-Length\t: 5")),
    "a folded line": (400, get(H, b"X-A: b", b" c")),
    "a folded first line": (400, get(b" Host: toy")),
    "no colon": (400, get(H, b"X-A")),
    "an empty name": (400, get(H, b": b")),
    "a name with a quote": (400, get(H, b'X"A: b')),
    "a name in UTF-8": (400, get(H, "X-Ä: b".encode())),
    "a bare CR in a value": (400, get(H, b"X-A: b\rX-C: d")),
    "a bare CR in the request line": (400, get(H, target=b"/a\rb")),
    "bare LF for line ends": (400, b"GET / HTTP/1.1\nHost: toy\n\n"),
    "one bare LF": (400, b"GET / HTTP/1.1\r\nHost: toy\nX-A: b\r\n\r\n"),
    "a NUL in a value": (400, get(H, b"X-A: b\x00c")),
    "a control character in a value": (400, get(H, b"X-A: b\x0bc")),
    "two Content-Types": (400, get(H, b"Content-Type: a/b", b"Content-Type: c/d")),
    "two Authorizations": (400, get(H, b"Authorization: Bearer a", b"Authorization: Bearer b")),
    "too many headers": (431, get(H, *[b"X-A: b"] * 20)),
    "headers that are too large": (431, get(H, b"X-A: " + b"b" * 4096)),
    "headers without an end": (431, b"GET / HTTP/1.1\r\nX-A: " + b"b" * 5000),
    # The length of the body: RFC 9112, 6.
    "a Content-Length of 5,000 digits": (400, post(b"Content-Length: " + b"9" * 3900)),
    "a Content-Length of 20 digits": (400, post(b"Content-Length: " + b"1" * 20)),
    "a negative Content-Length": (400, post(b"Content-Length: -1")),
    "a Content-Length with a plus": (400, post(b"Content-Length: +5", body=b"hello")),
    "a Content-Length in hex": (400, post(b"Content-Length: 0x5", body=b"hello")),
    "a Content-Length with an underscore": (400, post(b"Content-Length: 1_0", body=b"hello12345")),
    "an empty Content-Length": (400, post(b"Content-Length:")),
    "a list for Content-Length": (400, post(b"Content-Length: 5, 5", body=b"hello")),
    "two Content-Lengths that differ": (400, post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello!")),
    "two Content-Lengths that agree": (400, post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello")),
    "a body over the limit": (413, post(b"Content-Length: 100001")),
    "a body of 18 digits": (413, post(b"Content-Length: 999999999999999999")),
    "both lengths": (400, post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n")),
    "both lengths, the other way": (400, post(b"Transfer-Encoding: chunked", b"Content-Length: 5")),
    "two Transfer-Encodings": (400, post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked")),
    "two codings, one unknown": (400, post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity")),
    "chunked twice": (400, post(b"Transfer-Encoding: chunked, chunked")),
    "chunked before gzip": (400, post(b"Transfer-Encoding: chunked, gzip")),
    "a comma before chunked": (400, post(b"Transfer-Encoding: ,chunked")),
    "an empty Transfer-Encoding": (400, post(b"Transfer-Encoding:")),
    "a vertical tab before chunked": (400, post(b"Transfer-Encoding: \x0bchunked")),
    "0x85 after chunked": (400, post(b"Transfer-Encoding: chunked\x85")),
    "a quoted coding": (400, post(b'Transfer-Encoding: "chunked"')),
    "gzip before chunked": (501, post(b"Transfer-Encoding: gzip, chunked")),
    "identity": (501, post(b"Transfer-Encoding: identity")),
    "an unknown coding": (501, post(b"Transfer-Encoding: xchunked")),
    "a coding in HTTP/1.0": (400, b"POST / HTTP/1.0\r\n" + HOST + CHUNKED + END + b"0\r\n\r\n"),
    "an unknown expectation": (417, post(b"Expect: 200-ok", b"Content-Length: 5", body=b"hello")),
    # Chunks: RFC 9112, 7.1.
    "a chunk size that is no number": (400, chunked(b"x\r\n")),
    "a chunk size with a prefix": (400, chunked(b"0x5\r\nhello\r\n0\r\n\r\n")),
    "a chunk size with a sign": (400, chunked(b"+5\r\nhello\r\n0\r\n\r\n")),
    "a chunk size with space before": (400, chunked(b" 5\r\nhello\r\n0\r\n\r\n")),
    "a chunk size of 17 digits": (400, chunked(b"0" * 16 + b"5\r\nhello\r\n0\r\n\r\n")),
    "a bare LF after a chunk size": (400, chunked(b"5\nhello\r\n0\r\n\r\n")),
    "a bare CR in an extension": (400, chunked(b"5;a\rb\r\nhello\r\n0\r\n\r\n")),
    "an extension without an end": (400, chunked(b"5;" + b"a" * 2000)),
    "an empty line before a chunk": (400, chunked(b"\r\n5\r\nhello\r\n0\r\n\r\n")),
    "a chunk longer than its size": (400, chunked(b"5\r\nhello!\r\n0\r\n\r\n")),
    "a chunk that ends in a bare LF": (400, chunked(b"5\r\nhello\n0\r\n\r\n")),
    "a trailer that is no field": (400, chunked(b"0\r\nX A\r\n\r\n")),
    "a folded trailer": (400, chunked(b"0\r\nX-A: b\r\n c\r\n\r\n")),
    "trailers without an end": (400, chunked(b"0\r\nX-A: " + b"b" * 5000)),
    "a chunk over the limit": (413, chunked(b"186a1\r\n")),
    "a chunk of 16 digits": (413, chunked(b"ffffffffffffffff\r\n")),
    "chunks over the limit": (413, chunked(b"c350\r\n" + b"x" * 50_000 + b"\r\nc351\r\n")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_faulty_request_is_refused_with_a_problem_and_the_connection_closed(toy, name):
    status, request = REFUSED[name]
    client = toy.connect()

    answer = client.send(request).answer()

    assert answer.status == status
    assert answer.version == ("HTTP/1.0" if b" HTTP/1.0\r\n" in request else "HTTP/1.1")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert "server" not in answer.headers
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("/problems/")
    assert problem["title"]
    client.socket.shutdown(1)
    assert client.ended()


def test_what_follows_a_refused_request_is_never_served(toy):
    """The second request of the packet would be the smuggled one."""
    client = toy.connect()

    client.send(get(H, b"Content-Length: +5") + get(H, target=b"/smuggled"))

    assert client.answer().status == 400
    assert client.ended()


ACCEPTED = {
    "one empty line before it": (b"\r\n" + get(H), b"ok"),
    "HTTP/1.0 without Host": (get(version=b"HTTP/1.0"), b"ok"),
    "a higher minor version": (get(H, version=b"HTTP/1.9"), b"ok"),
    "a Host with a port": (get(b"Host: toy:6543"), b"ok"),
    "a Host of IPv6": (get(b"Host: [::1]:6543"), b"ok"),
    "a Host with an underscore": (get(b"Host: my_service"), b"ok"),
    "no space after the colon": (get(b"Host:toy"), b"ok"),
    "tabs around a value": (get(b"Host:\ttoy\t"), b"ok"),
    "an empty value": (get(H, b"X-A:"), b"ok"),
    "raw bytes in a value": (get(H, b"X-A: \xff\xe9"), b"ok"),
    "a URL at the limit": (get(H, target=b"/" + b"a" * 1023), b"ok"),
    "as many headers as allowed": (get(H, *[b"X-A: b"] * 19), b"ok"),
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\n" + HOST + END, b"ok"),
    "a Content-Length of nought": (post(b"Content-Length: 0"), b""),
    "a body": (post(b"Content-Length: 5", body=b"hello"), b"hello"),
    "a body at the limit": (post(b"Content-Length: 100000", body=b"x" * 100_000), b"x" * 100_000),
    "chunks": (chunked(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), b"hello world"),
    "chunks at the limit": (chunked(b"186a0\r\n" + b"x" * 100_000 + b"\r\n0\r\n\r\n"), b"x" * 100_000),
    "no chunk but the last": (chunked(b"0\r\n\r\n"), b""),
    "a chunk size in capitals, with noughts": (chunked(b"00A\r\n0123456789\r\n000\r\n\r\n"), b"0123456789"),
    "a chunk extension": (chunked(b'5 ;a=b;c="d e"\r\nhello\r\n0;x\r\n\r\n'), b"hello"),
    "trailers": (chunked(b"5\r\nhello\r\n0\r\nX-A: b\r\nX-C: d\r\n\r\n"), b"hello"),
    "Chunked in capitals": (post(b"Transfer-Encoding: CHUNKED", body=b"0\r\n\r\n"), b""),
    "chunks that hold a request": (chunked(b"18\r\nGET /smuggled HTTP/1.1\r\n\r\n0\r\n\r\n"), None),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_sound_request_is_served_whole_and_byte_by_byte(toy, name):
    """Where the packets are cut makes no difference."""
    request, body = ACCEPTED[name]
    if body is None:
        body = b"GET /smuggled HTTP/1.1\r\n"
    with toy.connect() as whole:
        assert (answer := whole.send(request).answer()).status == 200
        assert answer.body == body
    if len(request) < 2000:
        with toy.connect() as dripped:
            for position in range(len(request)):
                dripped.send(request[position : position + 1])
            assert dripped.answer().body == body


def test_every_cut_of_a_refused_request_gives_the_same_refusal(toy):
    for name in ("two Hosts", "both lengths", "a chunk longer than its size", "a folded line"):
        status, request = REFUSED[name]
        for cut in range(1, len(request), 7):
            with toy.connect() as client:
                assert client.send(request[:cut]).send(request[cut:]).answer().status == status, name


def test_the_application_gets_the_environ_of_the_request(toy):
    request = get(
        b"Host: other",
        b"X-List: a",
        b"X-List: b",
        b"X-Forwarded-For: 6.6.6.6",
        b"Forwarded: for=6.6.6.6",
        target=b"http://toy:80/environ?a=%20b",
    )

    environ = toy.connect().send(request).answer().json()

    assert environ["PATH_INFO"] == "/environ"
    assert environ["QUERY_STRING"] == "a=%20b"
    assert environ["HTTP_HOST"] == "toy:80", "the authority of an absolute target stands above Host"
    assert environ["HTTP_X_LIST"] == "a, b"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["SERVER_SOFTWARE"] == "benben"
    assert not {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"} & environ.keys(), "no proxy is trusted"


def test_the_state_of_the_server_is_in_the_environ(toy):
    state = toy.get("/state").json()

    assert state["draining"] is False
    assert state["connections"] >= 1
    assert state["threads"] == 4
    assert state["running"] >= 1


# Framing of answers: RFC 9112, 6.3 and 9.3.


def test_a_connection_is_kept_for_the_next_request(toy):
    client = toy.connect()
    for path in ("/", "/no-content", "/not-modified", "/some", "/nothing", "/file"):
        answer = client.get(path)
        assert "connection" not in answer.headers, path
        assert "server" not in answer.headers
    assert client.get("/").body == b"ok"


def test_a_stream_is_chunked_and_keeps_the_connection(toy):
    client = toy.connect()

    answer = client.get("/some")

    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.body == b"onetwo"
    assert client.get("/").body == b"ok"


def test_answers_without_a_body_have_no_framing_of_one(toy):
    client = toy.connect()
    for path in ("/no-content", "/not-modified"):
        answer = client.get(path)
        assert not {"content-length", "transfer-encoding"} & answer.headers.keys(), path
    assert client.get("/nothing").headers["content-length"] == "0"


@pytest.mark.parametrize("path", ["/", "/some", "/file", "/nothing", "/fail"])
def test_the_answer_to_head_has_no_body(toy, path):
    client = toy.connect()

    answer = client.get(path, method="HEAD")

    assert "transfer-encoding" not in answer.headers
    assert client.ended() if path == "/fail" else client.silent()
    if path == "/":
        assert answer.headers["content-length"] == "2"
        assert client.get("/").body == b"ok"


@pytest.mark.parametrize("value", ["close", "Close", "keep-alive, close", "close,TE"])
def test_a_client_that_asks_to_close_is_obeyed(toy, value):
    client = toy.connect()

    answer = client.get("/", f"Connection: {value}")

    assert answer.headers["connection"] == "close"
    assert client.ended()


def test_http_1_0_closes_unless_asked_to_keep(toy):
    client = toy.connect()
    kept = client.send(get(b"Connection: keep-alive", version=b"HTTP/1.0")).answer()
    closed = client.send(get(version=b"HTTP/1.0", target=b"/some")).answer()

    assert kept.headers["connection"] == "keep-alive"
    assert closed.headers["connection"] == "close"
    assert "transfer-encoding" not in closed.headers
    assert closed.body == b"onetwo"


def test_pipelined_requests_are_answered_in_their_order(toy):
    client = toy.connect()

    client.send(
        get(H, target=b"/sleep?s=0.1")
        + post(b"Content-Length: 5", body=b"hello")
        + chunked(b"5\r\nworld\r\n0\r\n\r\n")
        + get(H, target=b"/no-content")
        + get(H, b"Connection: close", target=b"/some")
        + get(H, target=b"/after-close")
    )

    assert [client.answer().body for _ in range(5)] == [b"slept", b"hello", b"world", b"", b"onetwo"]
    assert client.ended()


def test_an_application_that_writes_too_much_does_not_leak_into_the_next_answer(toy):
    client = toy.connect()

    assert client.get("/too-much").body == b"abc"
    assert client.get("/").body == b"ok"


# The application that fails.


@pytest.mark.parametrize("path", ["/fail", "/exit"])
def test_an_application_that_raises_is_answered_with_a_problem_that_tells_nothing(toy, path):
    answer = toy.get(path)

    assert answer.status == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    problem = answer.json()
    assert problem == {
        "type": "/problems/internal-error",
        "title": "The server failed",
        "status": 500,
        "instance": problem["instance"],
    }
    assert f"GET {path} failed, instance {problem['instance']}" in toy.log()


def test_a_failure_after_the_head_cuts_the_answer(toy):
    """The missing last chunk tells the client that the answer is not whole."""
    client = toy.connect()

    with pytest.raises(EOFError):
        client.get("/fail-late")

    assert "GET /fail-late failed" in toy.log()


# Expect: 100-continue, RFC 9110, 10.1.1.


def test_a_body_is_asked_for_once_the_headers_are_sound(toy):
    client = toy.connect()
    client.send(post(b"Expect: 100-continue", b"Content-Length: 5"))
    assert client.answer().status == 100

    answer = client.send(b"hello").answer()

    assert answer.body == b"hello"
    assert client.get("/").body == b"ok"


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(toy):
    client = toy.connect()

    answer = client.send(post(b"Expect: 100-continue", b"Content-Length: 100001")).answer()

    assert answer.status == 413


def test_an_expectation_without_a_body_is_answered_at_once(toy):
    assert toy.get("/", "Expect: 100-continue").body == b"ok"


def test_the_next_body_is_asked_for_after_the_answer_before_it(toy):
    client = toy.connect()

    client.send(get(H, target=b"/sleep?s=0.1") + post(b"Expect: 100-continue", b"Content-Length: 5"))

    assert client.answer().body == b"slept"
    assert client.answer().status == 100
    assert client.send(b"hello").answer().body == b"hello"


def test_a_client_that_sends_its_large_body_at_once_still_reads_the_refusal(toy):
    """Without a lingering close the reset would overtake the answer."""
    client = toy.connect()
    client.send(post(b"Content-Length: 4000000"))
    for _ in range(40):
        client.send(b"x" * 100_000)

    time.sleep(0.2)

    assert client.answer().status == 413


# The proxy in front.


def test_a_trusted_proxy_says_who_the_client_is_and_no_more(start):
    toy = start(trusted_proxy="127.0.0.1")
    request = ("X-Forwarded-For: 6.6.6.6, 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil")

    environ = toy.get("/environ", *request).json()
    refused = toy.get("/environ", "X-Forwarded-Proto: gopher")

    assert environ["REMOTE_ADDR"] == "192.0.2.7"
    assert environ["wsgi.url_scheme"] == "https"
    assert environ["HTTP_HOST"] == "toy"
    assert "HTTP_X_FORWARDED_HOST" not in environ
    assert refused.status == 400
    assert json.loads(refused.body)["type"] == "/problems/bad-request"
