"""The document says exactly what is on."""

from __future__ import annotations

import json
import re
import secrets

import pytest
from benben_books.schemas import BookSchema
from openapi_spec_validator import OpenAPIV31SpecValidator
from pyramid.interfaces import IRoutesMapper

from benben.rest.nodes import Node, String
from benben.testing import API, assert_problem
from tests.functional.docs.conftest import Build, Document

PLAIN = {
    "plugin__legacy": "on",
    "plugin__legacy__include": "tests.functional.docs.legacy",
    "plugin__gadget": "on",
    "plugin__gadget__include": "tests.functional.docs.gadget",
    "plugin__gadget__permission": "public",
}
# Pages for a person and the files they load, static files, and what belongs to no plugin with a manifest.
NO_API = {"/docs", "/redoc", "/docs/static/{name}", "/v1/pictures/{subpath}", "/_gadget"}
SWAP = f"{__name__}:LongTitles"


class LongTitles(BookSchema):
    """A book with a longer title."""

    title = Node(String(min_length=1, max_length=200))


def test_the_document_is_valid(build: Build) -> None:
    """By the validator of the specification, with everything on that there is."""
    keys = {f"plugin__{name}": "on" for name in ("places", "metrics", "identity", "jwt")}
    document = Document(build(**keys, **PLAIN, jwt__private_key="$generate:var/jwt.txt"))

    assert document.whole["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document.whole).iter_errors()) == []
    assert "legacy" in {tag["name"] for tag in document.whole["tags"]}


def test_every_route_is_in_the_document_and_no_other(build: Build) -> None:
    """Both ways, plain views too; static files, pages and foreign includes are no API."""
    api = build(**PLAIN)
    routes = api.registry.queryUtility(IRoutesMapper).get_routes()
    served = {re.sub(r"\*(\w+)", r"{\1}", "/" + route.pattern.lstrip("/").replace(r":\d{1,3}", "")) for route in routes}

    assert set(Document(api).paths) == served - NO_API
    assert served > NO_API


def test_every_method_of_a_service_is_in_the_document(api: API) -> None:
    """And no other."""
    served = {(endpoint.path, endpoint.method) for endpoint in api.registry.services.endpoints}

    assert set(Document(api).operations) == {(path, method) for path, method in served if path not in NO_API}
    assert ("/v1/books/{key}", "PATCH") in served


def test_the_names_of_operations_are_stable_and_unique(api: API) -> None:
    """Generated clients make functions of them."""
    names = [operation["operationId"] for operation in Document(api).operations.values()]

    assert len(set(names)) == len(names)
    assert {f"books.{kind}" for kind in ("list", "create", "item", "replace", "patch", "delete")} < set(names)


def test_a_plain_view_is_told_as_far_as_it_is_known(build: Build) -> None:
    """Its docstring, its placeholders, its permission, and what it says of itself."""
    document = Document(build(**PLAIN))
    scroll, copies = document.operations["/v1/scrolls/{number}", "GET"], document.operations["/v1/copies/{where}", "POST"]

    assert (scroll["summary"], scroll["description"]) == ("Unroll one scroll.", "Slowly, because it is old.")
    assert scroll["x-permission"] == "legacy.read"
    assert document.paths["/v1/scrolls/{number}"]["parameters"][0]["required"] is True
    assert copies["responses"]["201"] == {"description": "Copied."}
    assert "415" in copies["responses"]


def test_bounds_are_those_of_the_schema(api: API) -> None:
    """A client knows the limits before it asks."""
    schemas = Document(api).components["schemas"]

    assert schemas["BookWrite"]["properties"]["title"]["maxLength"] == 100
    assert schemas["BookWrite"]["required"] == ["title", "author_id"]
    assert "id" not in schemas["BookWrite"]["properties"]
    assert schemas["BookWrite"]["additionalProperties"] is False
    assert "required" not in schemas["BookPatch"]
    assert schemas["Book"]["properties"]["id"]["readOnly"] is True


def test_embedded_relations_are_members_that_may_be_there(api: API) -> None:
    """One is the other or null, many are an array; neither is required."""
    schemas = Document(api).components["schemas"]

    assert schemas["Book"]["properties"]["author"]["anyOf"] == [{"$ref": "#/components/schemas/Author"}, {"type": "null"}]
    assert schemas["Author"]["properties"]["books"]["items"] == {"$ref": "#/components/schemas/Book"}
    assert "required" not in schemas["Book"]


def test_every_query_parameter_is_typed(api: API) -> None:
    """Filters by lookup, also through a relation; words are listed."""
    parameters = Document(api).parameters("/v1/books")
    schemas = {name: item["schema"] for name, item in parameters.items()}

    assert schemas["limit"]["anyOf"][0] == {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}
    assert schemas["price__gte"] == {"type": "string", "format": "decimal"}
    assert schemas["author__name__contains"] == {"type": "string"}
    assert schemas["published_date__range"]["minItems"] == 2
    assert parameters["embed"]["description"].endswith("Its relations: author.")
    assert "price" in parameters["sort"]["description"]
    assert parameters["title__in"]["explode"] is False
    assert {"If-None-Match", "cursor", "count", "fields"} < set(parameters)


def test_a_change_takes_a_precondition(api: API) -> None:
    """If-Match on whatever changes a row, and 412 as an answer."""
    document = Document(api)

    for method in ("put", "patch", "delete"):
        assert "If-Match" in document.parameters("/v1/books/{key}", method)
        assert "412" in document.paths["/v1/books/{key}"][method]["responses"]


def test_answers_tell_their_headers(api: API) -> None:
    """ETag, Location, Link; 304 for who has it already."""
    operations = Document(api).operations

    assert set(operations["/v1/books", "POST"]["responses"]["201"]["headers"]) == {"ETag", "Location"}
    assert set(operations["/v1/books", "GET"]["responses"]["200"]["headers"]) == {"ETag", "Link"}
    assert "304" in operations["/v1/books/{key}", "GET"]["responses"]


def test_every_problem_of_the_catalogue_is_told(build: Build) -> None:
    """With its status, its meaning and an example; those of a plugin at its own operations."""
    api = build(**PLAIN)
    document = Document(api)
    answers = document.components["responses"]
    examples = {
        code: example["value"]
        for item in answers.values()
        if "content" in item
        for code, example in item["content"]["application/problem+json"]["examples"].items()
    }

    assert {code: value["status"] for code, value in examples.items()} == {
        code: problem.status for code, problem in api.assembly.problems.items()
    }
    scroll = document.operations["/v1/scrolls/{number}", "GET"]
    assert "legacy-faded" in document.resolve(scroll["responses"]["default"])["description"]
    assert "legacy-faded" not in json.dumps(answers["Problem"])


def test_what_is_public_asks_for_nothing(api: API) -> None:
    """The rest names the ways to say who one is, and its permission."""
    operations = Document(api).operations

    assert operations["/health/live", "GET"]["security"] == []
    assert operations["/v1/books", "POST"]["security"] == [{"test": []}]
    assert operations["/v1/books", "POST"]["x-permission"] == "books.write"
    assert {"401", "403"} < set(operations["/v1/books", "POST"]["responses"])


def test_the_rule_of_the_ini_counts(build: Build) -> None:
    """An operator who opens a resource sees it open in the document."""
    operations = Document(build(service__books__permission__read="public")).operations

    assert operations["/v1/books", "GET"]["security"] == []
    assert operations["/v1/books", "POST"]["security"] == [{"test": []}]


def test_a_bearer_token_is_a_scheme_of_http(build: Build) -> None:
    """As the plugin jwt adds it."""
    keys = {"plugin__identity": "on", "plugin__jwt": "on", "jwt__private_key": "$generate:var/jwt.txt"}

    schemes = Document(build(**keys)).components["securitySchemes"]

    assert schemes["bearer"] == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


@pytest.mark.parametrize("name", ["books", "todos", "health"])
def test_a_plugin_that_is_off_leaves_no_word(build: Build, name: str) -> None:
    """Neither in the document nor on the start page, nor as an answer."""
    api = build(**{f"plugin__{name}": "off"})
    word = re.compile(rf"\b{name.removesuffix('s')}s?\b", re.IGNORECASE)

    assert not word.search(api.get("/openapi.json").text)
    assert not word.search(api.get("/").text)
    assert not word.search(api.get("/", headers={"Accept": "text/html"}).text)


def test_a_swapped_schema_counts_everywhere(build: Build) -> None:
    """``service.books.schema`` decides what is accepted and what the document says."""
    api = build(service__books__schema=SWAP)
    editor = api.by("ann", "editor")
    editor.post_json("/v1/authors", {"name": "x"})

    assert editor.post_json("/v1/books", {"title": "x" * 200, "author_id": 1}).status_int == 201
    assert Document(api).components["schemas"]["BookWrite"]["properties"]["title"]["maxLength"] == 200


def test_methods_that_the_ini_takes_away_are_gone(build: Build) -> None:
    """405 with the right Allow, and not in the document."""
    api = build(service__books__methods="GET HEAD")
    refused = api.by("ann", "editor").post_json("/v1/books", {}, expect_errors=True)

    assert_problem(refused, 405)
    assert refused.headers["Allow"] == "GET, HEAD, OPTIONS"
    books = {path: set(item) - {"parameters"} for path, item in Document(api).paths.items() if "/books" in path}
    assert books == {"/v1/books": {"get"}, "/v1/books/{key}": {"get"}}
    assert "BookWrite" not in Document(api).components["schemas"]


def test_the_document_has_the_title_and_version_of_the_ini(build: Build) -> None:
    """And what the operator says of the API stands first."""
    info = Document(build(benben__title="Alexandria", docs__version="2.1", docs__description="All the scrolls.")).whole["info"]

    assert (info["title"], info["version"]) == ("Alexandria", "2.1")
    assert info["description"].startswith("All the scrolls.\n\n")


def test_a_mounted_application_says_where_it_is(api: API) -> None:
    """The server of the document is relative to the host."""
    mounted = {"SCRIPT_NAME": "/library"}

    assert api.get("/library/openapi.json", extra_environ=mounted).json["servers"] == [{"url": "/library"}]
    assert api.get("/openapi.json").json["servers"] == [{"url": "/"}]


def test_the_document_is_revalidated(api: API) -> None:
    """The same ETag again costs no body; the bytes are the same each time."""
    first = api.get("/openapi.json")

    assert first.headers["Cache-Control"] == "no-cache"
    assert api.get("/openapi.json").body == first.body
    assert api.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]}).status_int == 304


def test_the_operator_says_who_may_read_it(build: Build) -> None:
    """``service.docs.permission.read`` binds all of it."""
    api = build(service__docs__permission__read="role:operator")

    assert_problem(api.get("/openapi.json", expect_errors=True), 401)
    assert api.by("olga", "operator").get("/openapi.json").status_int == 200


def test_two_applications_do_not_see_each_other(build: Build) -> None:
    """What one of them has is no word in the document of the other."""
    one, other = build(plugin__todos="off"), build(plugin__books="off")

    assert "/v1/todos" not in Document(one).paths
    assert "/v1/books" not in Document(other).paths


def test_the_refusals_of_the_server_have_their_pages(api: API) -> None:
    """They reach a client as any other, though no view gives them."""
    assert api.get("/problems/headers-too-large").status_code == 200
    assert api.get("/problems/duplicate-value").status_code == 200


def test_a_request_for_a_token_is_described(build: Build) -> None:
    """As a form and as JSON."""
    document = Document(build(plugin__identity="on", plugin__jwt="on", jwt__private_key=secrets.token_hex(32)))

    content = document.operations["/v1/auth/token", "POST"]["requestBody"]["content"]
    forms = content["application/x-www-form-urlencoded"]["schema"]["oneOf"]
    assert forms[0]["required"] == ["grant_type", "username", "password"]


def bodies(document: Document, path: str, method: str) -> set[str]:
    """Return the media types of what an operation takes."""
    return set(document.operations[path, method]["requestBody"]["content"])


def test_a_caller_finds_what_they_may_use(build: Build) -> None:
    """Whoever may only read finds no writing, and a hidden field in no schema and no parameter."""
    rules = {"service__books__field__price__read": "role:accountant"}
    api = build(**{name.replace("__", "."): value for name, value in rules.items()})
    reader, accountant = Document(api.by("bob")), Document(api.by("ann", "accountant", "editor"))

    assert {method for path, method in reader.operations if path == "/v1/books"} == {"GET"}
    assert {method for path, method in accountant.operations if path == "/v1/books"} == {"GET", "POST", "PATCH", "DELETE"}
    assert "price" not in json.dumps(reader.whole["components"]["schemas"]["Book"])
    assert "price" in json.dumps(accountant.whole["components"]["schemas"]["Book"])
    assert "price" not in json.dumps(reader.operations["/v1/books", "GET"])
    assert not [name for name in reader.whole["components"]["schemas"] if name in ("BookWrite", "BookPatch")]
    for document in (reader, accountant):
        assert list(OpenAPIV31SpecValidator(document.whole).iter_errors()) == []


def test_a_stranger_finds_everything_or_what_is_public(build: Build) -> None:
    """As the operator wants it."""
    everything, public = Document(build()), Document(build(docs__strangers="public"))

    assert ("/v1/books", "POST") in everything.operations
    assert {path for path, _ in public.operations if path.startswith("/v1")} == set()
    assert ("/problems", "GET") in public.operations


def test_many_rows_at_once_are_in_the_document(api: API) -> None:
    """Lists, their answers, the outcome of each row, and how to ask for it."""
    document = Document(api)
    created, changed = document.operations["/v1/books", "POST"], document.operations["/v1/books", "PATCH"]

    one, many = created["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    assert one == many["items"]
    listed = changed["requestBody"]["content"]["application/json"]["schema"]["anyOf"][1]
    assert listed["items"]["required"] == ["id"]
    assert {"200", "201", "204", "207"} <= set(created["responses"])
    assert {"$ref": "#/components/parameters/Prefer"} in created["parameters"]
    assert "text/csv" in created["responses"]["201"]["content"]


def test_the_document_is_there_in_api_blueprint(api: API) -> None:
    """The same addresses, methods and statuses."""
    answer = api.get("/blueprint.apib")
    text = answer.text
    document = Document(api)

    assert answer.content_type == "text/vnd.apiblueprint"
    assert text.startswith("FORMAT: 1A\n")
    for path, method in document.operations:
        assert re.search(rf"^### .* \[{method} {re.escape(path)}(\{{\?[^\]]*)?\]$", text, re.MULTILINE), (path, method)
    assert "+ Response 201 (application/json)" in text
    assert "$ref" not in text


def test_a_caller_finds_what_they_may_use_in_api_blueprint_too(api: API) -> None:
    """It is made of their own document."""
    assert "[POST /v1/books" not in api.by("bob").get("/blueprint.apib").text
    assert "[POST /v1/books" in api.by("ann", "editor").get("/blueprint.apib").text
