"""A file in a row: what is sent, what is shown, what is given back, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest

from benben.testing import API, assert_problem, build_api, statements_of
from tests.functional.files.conftest import INI, png

PICTURE = png()
WITH_AUDIT = {"plugin.audit": "on", "plugin.identity": "on", "identity.hash_profile": "cheapest"}
SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def sent(content: bytes = PICTURE, name: str = "cover.png", **members: Any) -> dict[str, Any]:
    """Return a file as JSON has it."""
    return {"name": name, "content": base64.b64encode(content).decode(), **members}


def cover(**members: Any) -> dict[str, Any]:
    """Return a cover."""
    return {"book_id": 1, "alt": "Two planets", "image": sent(), **members}


def told(answer: Any) -> dict[str, str]:
    """Return the codes of a refusal by their place."""
    return {error["pointer"]: error["code"] for error in answer.json["errors"]}


def test_a_file_is_sent_in_json_and_shown_without_its_bytes(editor: API) -> None:
    """Name, kind, size and digest; the bytes have an address of their own."""
    answer = editor.post_json("/v1/covers", cover())

    assert answer.status_int == 201
    assert answer.json["image"] == {
        "name": "cover.png",
        "media_type": "image/png",
        "size": len(PICTURE),
        "sha256": hashlib.sha256(PICTURE).hexdigest(),
    }
    assert editor.get("/v1/covers").json["items"] == [answer.json]
    assert editor.get("/v1/covers/1").json == answer.json


def test_the_bytes_come_back_as_they_were(editor: API) -> None:
    """With the kind that they have, and with what keeps a browser from running them."""
    editor.post_json("/v1/covers", cover())
    answer = editor.get("/v1/covers/1/image")

    assert answer.body == PICTURE
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == "inline; filename=\"cover.png\"; filename*=UTF-8''cover.png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "private" in answer.headers["Cache-Control"]
    assert answer.headers["ETag"] == f'"{hashlib.sha256(PICTURE).hexdigest()}"'
    assert editor.head("/v1/covers/1/image").headers["Content-Length"] == str(len(PICTURE))
    again = editor.get("/v1/covers/1/image", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_int, again.body) == (304, b"")
    assert editor.get("/v1/covers/1/image", headers={"If-Match": '"other"'}, expect_errors=True).status_int == 412


def test_a_form_of_several_parts_is_a_body(editor: API) -> None:
    """As `curl -F` and browsers send it: texts become the values that their fields have."""
    fields = {"book_id": "1", "alt": "Two planets"}
    answer = editor.post("/v1/covers", fields, upload_files=[("image", "cover.png", PICTURE, "image/png")])
    changed = editor.request(
        "/v1/covers/1",
        method="PATCH",
        content_type="multipart/form-data; boundary=x",
        body=b'--x\r\nContent-Disposition: form-data; name="alt"\r\n\r\nOne planet\r\n--x--\r\n',
    )

    assert answer.json["book_id"] == 1
    assert editor.get("/v1/covers/1/image").body == PICTURE
    assert (changed.json["alt"], changed.json["image"]) == ("One planet", answer.json["image"])


def test_what_is_left_out_or_sent_back_stays(editor: API) -> None:
    """A patch without it, a patch with it as it was shown, a replacement with it, and a JSON patch beside it."""
    shown = editor.post_json("/v1/covers", cover()).json
    writable = {name: shown[name] for name in ("book_id", "alt", "image")}

    editor.patch_json("/v1/covers/1", {"alt": "a"})
    editor.patch_json("/v1/covers/1", {"image": shown["image"]})
    editor.put_json("/v1/covers/1", {**writable, "alt": "b"})
    operations = [{"op": "replace", "path": "/alt", "value": "c"}]
    headers = {"Content-Type": "application/json-patch+json"}
    editor.patch_json("/v1/covers/1", operations, headers=headers)

    assert editor.get("/v1/covers/1").json["image"] == shown["image"]
    assert editor.get("/v1/covers/1").json["alt"] == "c"
    assert editor.get("/v1/covers/1/image").body == PICTURE


def test_a_new_file_takes_the_place_of_the_old_one(editor: API) -> None:
    """Both columns change, and so does the version."""
    editor.post_json("/v1/covers", cover())
    other = png(3, 3)
    answer = editor.patch_json("/v1/covers/1", {"image": sent(other, "other.png")}, headers={"If-Match": '"v1"'})

    assert answer.json["image"]["size"] == len(other)
    assert answer.headers["ETag"] == '"v2"'
    assert editor.get("/v1/covers/1/image").body == other


@pytest.mark.parametrize("member", ["name", "media_type", "size", "sha256"])
def test_what_is_said_of_a_file_cannot_be_changed_without_it(editor: API, member: str) -> None:
    """Whoever could call a picture something else could have it shown as something else."""
    shown = editor.post_json("/v1/covers", cover()).json
    forged = {**shown["image"], member: 7 if member == "size" else "text/html"}
    answers = [
        editor.patch_json("/v1/covers/1", {"image": forged}, expect_errors=True),
        editor.put_json("/v1/covers/1", {**cover(), "image": forged}, expect_errors=True),
        editor.patch_json("/v1/covers", [{"id": 1, "image": forged}], expect_errors=True),
        editor.patch_json("/v1/covers?id=1", {"image": forged}, headers={"Prefer": "max-affected=1"}, expect_errors=True),
        editor.patch_json(
            "/v1/covers/1",
            [{"op": "replace", "path": f"/image/{member}", "value": forged[member]}],
            headers={"Content-Type": "application/json-patch+json"},
            expect_errors=True,
        ),
    ]

    for answer in answers:
        assert_problem(answer, 400, "invalid-input")
        assert "/image" in next(iter(told(answer)))
    assert editor.get("/v1/covers/1").json == shown


def test_there_is_no_file_to_keep_in_a_new_row(editor: API) -> None:
    """The description of one file does not make another one."""
    shown = editor.post_json("/v1/covers", cover()).json
    answer = editor.post_json("/v1/covers", {**cover(), "book_id": 2, "image": shown["image"]}, expect_errors=True)
    many = editor.post_json("/v1/covers", [{**cover(), "book_id": 2, "image": shown["image"]}], expect_errors=True)

    assert told(answer) == {"/image": "required"}
    assert many.status_int == 400


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ("cover.png", "type"),
        (None, "null"),
        ([], "type"),
        ({}, "required"),
        ({"name": "a.png"}, "required"),
        ({"content": "AAAA"}, "content"),
        ({"name": "a.png", "content": "***"}, "format"),
        ({"name": "a.png", "content": "AAA"}, "format"),
        ({"name": "a.png", "content": "AA\nAA"}, "format"),
        ({"name": "a.png", "content": 5}, "required"),
        ({"name": "a.png", "content": "", "owner": "root"}, "unknown"),
        (sent(SCRIPT, "a.svg", media_type="image/svg+xml"), "media-type"),
        (sent(SCRIPT, "a.png", media_type="image/png"), "content"),
        (sent(SCRIPT, "a.png"), "media-type"),
        (sent(b"%PDF-1.7", "a.png", media_type="image/png"), "media-type"),
        (sent(b"\xff\xd8\xff", "a.png", media_type="image/png"), "content"),
        (sent(media_type="image"), "format"),
        (sent(media_type=["image/png"]), "format"),
        (sent(name=""), "name"),
        (sent(name=".."), "name"),
        (sent(name="a\u202egnp.exe"), "name"),
        (sent(name="a\nb.png"), "name"),
        (sent(name="x" * 256), "name"),
        (sent(b"\x89PNG\r\n\x1a\n" + bytes(2_000_000)), "size"),
        ({"sha256": "0" * 64}, "type"),
        ({"name": 1, "media_type": 2, "size": "3", "sha256": 4}, "type"),
    ],
)
def test_what_is_no_such_file_is_refused_with_its_reason(editor: API, image: Any, code: str) -> None:
    """And nothing is stored of it."""
    if image == {"content": "AAAA"}:
        image, code = {"content": base64.b64encode(PICTURE).decode()}, "required"
    answer = editor.post_json("/v1/covers", cover(image=image), expect_errors=True)

    assert_problem(answer, 400, "invalid-input")
    assert told(answer) == {"/image": code}
    assert editor.get("/v1/covers").json["items"] == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\cover.png", "cover.png"),
        ('a"; filename="b.html', 'a"; filename="b.html'),
        ("Ωμέγα.png", "Ωμέγα.png"),
        ("con", "con"),
    ],
)
def test_a_name_is_never_a_path_and_never_a_header(editor: API, name: str, kept: str) -> None:
    """Its last part is kept; in the header nothing of it can end the text that it stands in."""
    shown = editor.post_json("/v1/covers", cover(image=sent(name=name))).json["image"]
    header = editor.get("/v1/covers/1/image").headers["Content-Disposition"]

    assert shown["name"] == kept
    assert header.isascii()
    assert header.count('"') == 2
    assert header.startswith('inline; filename="')


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=alt\r\n\r\na\r\n--x--"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="alt"\r\n\r\na'),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="alt"\r\na\r\n--x--'),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="alt"\r\n\r\n\xff\r\n--x--'),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; n\xff\r\n\r\na\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\nX: " + b"y" * 9_000 + b"\r\n\r\na\r\n--x--"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 501 + b"--x--"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="alt"; filename="a"\r\n\r\na\r\n--x--'),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\na\r\n--x--",
        ),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(editor: API, content_type: str, body: bytes) -> None:
    """400, never 500, and nothing is guessed."""
    answer = editor.request("/v1/covers", method="POST", content_type=content_type, body=body, expect_errors=True)

    assert_problem(answer, 400, "bad-request")


def test_a_field_that_comes_twice_is_refused(editor: API) -> None:
    """Two readers might take different ones."""
    part = b'--x\r\nContent-Disposition: form-data; name="alt"\r\n\r\na\r\n'
    body, content_type = part + part + b"--x--", "multipart/form-data; boundary=x"
    answer = editor.request("/v1/covers", method="POST", content_type=content_type, body=body, expect_errors=True)

    assert told(answer) == {"/alt": "repeated"}


def test_only_resources_with_files_read_forms(editor: API) -> None:
    """Elsewhere it is 415 as before, and the address says what it reads."""
    answer = editor.post("/v1/books", {"title": "a"}, upload_files=[("x", "a", b"a")], expect_errors=True)

    assert answer.status_int == 415
    assert "multipart/form-data" not in answer.headers["Accept-Post"]
    assert "multipart/form-data" in editor.options("/v1/covers").headers["Accept-Post"]
    assert "multipart/form-data" in editor.options("/v1/covers/1").headers["Accept-Patch"]


def test_who_may_not_read_the_row_may_not_read_the_file(api: API, editor: API) -> None:
    """401 for a stranger, 404 where there is none."""
    editor.post_json("/v1/covers", cover())

    assert api.get("/v1/covers/1/image", expect_errors=True).status_int == 401
    assert api.by("bob").get("/v1/covers/1/image").body == PICTURE
    for path in ("/v1/covers/2/image", "/v1/covers/x/image", "/v1/covers/1/other", "/v1/covers/1/image_content"):
        assert editor.get(path, expect_errors=True).status_int == 404
    for method in ("POST", "PUT", "DELETE"):
        assert editor.request("/v1/covers/1/image", method=method, expect_errors=True).status_int == 405


def test_a_list_reads_no_bytes(editor: API) -> None:
    """Neither a page nor an item names the column; only the download does, in one statement."""
    editor.post_json("/v1/covers", cover())
    with statements_of(editor) as statements:
        editor.get("/v1/covers?sort=-id")
        editor.get("/v1/covers/1")
        shown = list(statements)
        editor.get("/v1/covers/1/image")

    assert not any("image_content" in text for text in shown)


def test_the_file_goes_with_its_row(editor: API) -> None:
    """And with its book; nothing is left over."""
    editor.post_json("/v1/covers", cover())
    editor.post_json("/v1/covers", cover(book_id=2))
    editor.delete("/v1/covers/1")
    editor.delete("/v1/books/2")

    assert editor.get("/v1/covers").json["items"] == []
    assert editor.get("/v1/covers/1/image", expect_errors=True).status_int == 404


def test_many_at_once_and_again(editor: API) -> None:
    """A list of rows, a merge by the key of the client, and a trial that keeps nothing."""
    made = editor.post_json("/v1/covers", [cover(), cover(book_id=2)])
    merging = {"Prefer": "resolution=merge-duplicates"}
    merged = editor.post_json("/v1/covers", cover(image=sent(png(5, 5))), headers=merging)
    listed = [cover(book_id=1, image=sent(png(5, 5))), cover(book_id=2, image=sent(png(4, 4)))]
    assert editor.post_json("/v1/covers", listed, headers=merging).status_int in (200, 201)
    tried = editor.patch_json("/v1/covers/2", {"image": sent(png(6, 6))}, headers={"Prefer": "tx=rollback"})

    assert made.status_int == 201
    assert merged.status_int == 200
    assert editor.get("/v1/covers/1/image").body == png(5, 5)
    assert tried.json["image"]["size"] == len(png(6, 6))
    assert editor.get("/v1/covers/2/image").body == png(4, 4)


def test_two_at_once_leave_one_whole_file(editor: API) -> None:
    """What is said of the file and its bytes never belong to different ones."""
    editor.post_json("/v1/covers", cover())
    pictures = [png(size, size) for size in range(2, 10)]

    def write(content: bytes) -> None:
        editor.by("ann", "editor").patch_json("/v1/covers/1", {"image": sent(content)}, expect_errors=True)

    threads = [threading.Thread(target=write, args=(content,)) for content in pictures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    content = editor.get("/v1/covers/1/image").body

    assert content in pictures
    assert editor.get("/v1/covers/1").json["image"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_file_may_be_asked_for_by_what_is_said_of_it(editor: API) -> None:
    """As any value inside JSON."""
    editor.post_json("/v1/covers", cover())

    assert len(editor.get("/v1/covers?image.media_type=image/png").json["items"]) == 1
    assert editor.get("/v1/covers?image.media_type=image/gif").json["items"] == []


def test_the_document_says_how_a_file_is_sent_and_got(editor: API) -> None:
    """Base64 with its bound in JSON, a form beside it, and the address of the bytes."""
    document = editor.get("/openapi.json").json
    write = document["components"]["schemas"]["CoverWrite"]["properties"]["image"]
    content = document["paths"]["/v1/covers/{key}/image"]["get"]["responses"]["200"]["content"]

    assert write["properties"]["content"]["contentEncoding"] == "base64"
    assert write["properties"]["content"]["maxLength"] == 2_666_668
    assert "multipart/form-data" in document["paths"]["/v1/covers"]["post"]["requestBody"]["content"]
    assert "image/png" in content


def test_the_record_of_who_did_what_has_the_digest_and_no_bytes(tmp_path: Path, storage: str) -> None:
    """An image of a row for the audit says what is said of the file."""
    api = build_api(tmp_path, {**INI, **WITH_AUDIT, **({"resource.files": storage} if storage else {})})
    ann = api.by("ann", "editor")
    ann.post_json("/v1/authors", {"name": "a"})
    ann.post_json("/v1/books", {"title": "a", "author_id": 1})
    first = ann.post_json("/v1/covers", cover()).json["image"]["sha256"]
    ann.patch_json("/v1/covers/1", {"image": sent(png(9, 9))})
    ann.delete("/v1/covers/1")
    entries = api.by("root", "admin").get("/v1/audit?resource=covers").json["items"]

    assert [entry["action"] for entry in entries] == ["deleted", "patched", "created"]
    assert entries[1]["changed"] == ["image"]
    assert entries[1]["before"]["image"]["sha256"] == first
    assert "content" not in str(entries)
    api.close()
