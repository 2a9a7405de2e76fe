"""What is sent, and the status that it gets: plain data, so that the same table can be sent to another server.

Each row is method, path inside the prefix, headers, body and status. The rows are sent in their
order to one server, since later ones ask for what earlier ones have put there.
"""

from __future__ import annotations

from typing import NamedTuple

JSON = {"Content-Type": "application/json"}


class Input(NamedTuple):
    """One request; *places* are what an answer of 400 points at, in any order."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    status: int
    places: tuple[tuple[str, str], ...] = ()


INPUTS: tuple[Input, ...] = (
    Input("GET", "/people", {}, "", 200),
    Input("PUT", "/people/1", JSON, '{"fname": "Ada", "lname": "Lovelace"}', 201),
    Input("PUT", "/people/1", JSON, '{"fname": "Ada", "lname": "King"}', 200),
    Input("GET", "/people/1", {}, "", 200),
    Input("GET", "/people/2", {}, "", 404),
    Input("GET", "/people?lname=King", {}, "", 200),
    Input("GET", "/people?limit=0", {}, "", 400, (("query", "limit"),)),
    Input("GET", "/people?limit=x&offset=-1", {}, "", 400, (("query", "limit"), ("query", "offset"))),
    Input("GET", "/people?limit=1&limit=2", {}, "", 400, (("query", "limit"),)),
    Input("GET", "/people?limt=1", {}, "", 400, (("query", "limt"),)),
    Input("GET", "/people?lname=", {}, "", 400, (("query", "lname"),)),
    Input("GET", "/people/0", {}, "", 400, (("path", "person_id"),)),
    Input("GET", "/people/one", {}, "", 400, (("path", "person_id"),)),
    Input("GET", "/people/1.0", {}, "", 400, (("path", "person_id"),)),
    Input("GET", "/people/9999999999", {}, "", 400, (("path", "person_id"),)),
    Input("PUT", "/people/3", JSON, "{}", 400, (("body", "/fname"), ("body", "/lname"))),
    Input("PUT", "/people/3", JSON, '{"fname": "", "lname": " "}', 400, (("body", "/fname"), ("body", "/lname"))),
    Input("PUT", "/people/3", JSON, '{"fname": "A", "lname": 1}', 400, (("body", "/lname"),)),
    Input("PUT", "/people/3", JSON, '{"fname": "A", "lname": "B", "id": 3}', 400, (("body", "/id"),)),
    Input("PUT", "/people/3", JSON, '{"fname": "A", "lname": "B", "age": 3}', 400, (("body", "/age"),)),
    Input("PUT", "/people/0?x=1", JSON, '{"fname": 1}', 400,
          (("path", "person_id"), ("query", "x"), ("body", "/fname"), ("body", "/lname"))),
    Input("PUT", "/people/3", JSON, '{"fname": "A\\u0000", "lname": "B"}', 400, (("body", "/fname"),)),
    Input("GET", "/people?lname=%00", {}, "", 400),
    Input("PUT", "/people/3", JSON, "[]", 400, (("body", ""),)),
    Input("PUT", "/people/3", JSON, "", 400, (("body", ""),)),
    Input("PUT", "/people/3", JSON, '{"fname": "A", ', 400),
    Input("PUT", "/people/3", JSON, '{"fname": "A", "fname": "B", "lname": "C"}', 400, (("body", "/fname"),)),
    Input("PUT", "/people/3", {"Content-Type": "text/plain"}, "A B", 415),
    Input("GET", "/people", {"Accept": "text/csv"}, "", 406),
    Input("POST", "/people", JSON, '{"fname": "A", "lname": "B"}', 405),
    Input("PATCH", "/people/1", JSON, "{}", 405),
    Input("DELETE", "/people/1", {}, "", 204),
    Input("DELETE", "/people/1", {}, "", 404),
    Input("GET", "/persons", {}, "", 404),
)  # fmt: skip
