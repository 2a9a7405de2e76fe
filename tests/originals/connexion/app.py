"""The people of benben_people in Connexion 3, as its tutorial has them: one file, one function for each operation.

The file is the very same; only what Connexion cannot serve is taken out of it: the ways to authenticate, for which it wants
functions of its own, what a schema has in version 3.1 only, and that members are required which are read-only: it
asks for them in a request.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import connexion
import uvicorn
import yaml
from connexion.resolver import Resolver

FILE = Path(__file__).parents[3] / "plugins/benben_people/src/benben_people/people.yaml"
PEOPLE: dict[int, dict[str, Any]] = {}


def list_people(lname: str | None = None, limit: int = 50, offset: int = 0) -> list[dict[str, Any]]:
    """Return people in the order of their names."""
    found = sorted((person["lname"], person["fname"], key) for key, person in PEOPLE.items())
    kept = [PEOPLE[key] for name, _, key in found if lname is None or name == lname]
    return kept[offset : offset + limit]


def get_person(person_id: int) -> Any:
    """Return one person."""
    if person_id not in PEOPLE:
        return connexion.problem(404, "Not Found", "There is no such person.")
    # It does not choose between the media types of 200 and of 404 by the status.
    return PEOPLE[person_id], 200, {"Content-Type": "application/json"}


def put_person(person_id: int, body: dict[str, Any]) -> Any:
    """Keep one person."""
    is_new = person_id not in PEOPLE
    PEOPLE[person_id] = {**body, "id": person_id, "timestamp": datetime.now(UTC).isoformat()}
    return PEOPLE[person_id], 201 if is_new else 200


def delete_person(person_id: int) -> Any:
    """Forget one person."""
    if PEOPLE.pop(person_id, None) is None:
        return connexion.problem(404, "Not Found", "There is no such person.")
    return connexion.NoContent, 204


def specification() -> dict[str, Any]:
    """Return the file as a dictionary that Connexion takes."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())
    found["openapi"] = "3.0.3"
    del found["security"], found["components"]["securitySchemes"]
    found["components"]["schemas"]["Person"]["required"] = ["fname", "lname"]
    for schema in found["components"]["schemas"]["Person"]["properties"].values():
        schema.pop("examples", None)
    return found


def main() -> None:
    """Serve on the port that is the first argument."""
    app = connexion.FlaskApp(__name__)
    app.add_api(specification(), base_path="/v1", resolver=Resolver(globals().__getitem__))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")


if __name__ == "__main__":
    main()
