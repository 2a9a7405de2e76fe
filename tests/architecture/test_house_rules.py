"""The rules of the house, read off the sources: who imports whom, and what no module may hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = {
    "kernel": 0,
    "rest": 1,
    "db": 1,
    "observe": 1,
    "security": 2,
    "resource": 3,
    "operation": 3,
    "contract": 3,
    "features": 4,
    "server": 4,
    "cli": 5,
    "testing": 9,
}
# What a feature shows to another that requires it.
OPEN = {"interfaces", "events", "problems"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "manager"}
# Glue that hands Pyramid's own settings on.
SETTINGS_READERS = {"db/session.py", "cli/inifile.py"}
MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MAKERS = {"list", "dict", "set", "defaultdict", "deque"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Yield the path inside ``src/benben`` and the tree of every module."""
    base = ROOT / "src" / "benben"
    for path in sorted(base.rglob("*.py")):
        yield path.relative_to(base).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def import_breaches(path: str, tree: ast.Module) -> Iterator[str]:
    """Yield a line for each import that goes upward, sideways or inside another feature."""
    here = path.split("/")
    if here[0] not in LAYERS:
        return
    for line, name in imported(tree):
        there = name.split(".")[1:]
        if not name.startswith("benben.") or there[0] not in LAYERS or there[0] == here[0] != "features":
            continue
        # A name under TYPE_CHECKING is for readers; the layers hold for it all the same.
        if LAYERS[there[0]] > LAYERS[here[0]]:
            yield f"{path}:{line} imports upward: {name}"
        elif there[0] != here[0] and LAYERS[there[0]] == LAYERS[here[0]]:
            yield f"{path}:{line} imports sideways: {name}"
        elif here[0] == there[0] == "features" and len(there) > 1 and here[1] != there[1] and not OPEN & set(there[2:3]):
            yield f"{path}:{line} reaches inside: {name}"


def state_breaches(path: str, tree: ast.Module) -> Iterator[str]:
    """Yield a line for each mutable value that a module holds."""
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            makes = isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") in MAKERS
            # A mapping that is annotated as one is read only to the type checker.
            is_constant = isinstance(node, ast.AnnAssign) and "Mapping" in ast.unparse(node.annotation)
            if (isinstance(node.value, MUTABLE) or makes) and names != ["__all__"] and not is_constant:
                yield f"{path}:{node.lineno} holds mutable state: {names[0] if names else '?'}"


def test_imports_go_down_and_never_sideways() -> None:
    """The diagram of CONTRIBUTING.md."""
    assert [breach for path, tree in sources() for breach in import_breaches(path, tree)] == []


def test_one_module_imports_cornice() -> None:
    """It has no active maintainer; the way out must be one file."""
    importers = {path for path, tree in sources() for _, name in imported(tree) if name.split(".")[0] == "cornice"}

    assert importers == {"rest/service.py"}


def test_no_module_holds_mutable_state() -> None:
    """Two applications run in one process."""
    assert [breach for path, tree in sources() for breach in state_breaches(path, tree) if "migrations" not in path] == []


def test_settings_are_read_once() -> None:
    """Nobody reads ``registry.settings`` after the assembly."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in ("get_settings",)) or ast.unparse(node) == "registry.settings"
        if path not in SETTINGS_READERS
    ]

    assert found == []


def test_names_say_what_a_module_is() -> None:
    """A drawer without a name collects everything."""
    assert [path for path, _ in sources() if Path(path).stem in FORBIDDEN_NAMES or Path(path).stem.startswith("base_")] == []


def test_every_module_says_what_it_is_for() -> None:
    """A docstring at the top."""
    assert [path for path, tree in sources() if tree.body and not ast.get_docstring(tree)] == []


@pytest.mark.parametrize(
    ("path", "source", "count"),
    [
        ("kernel/x.py", "from benben.rest.body import read_json", 1),
        ("db/x.py", "from benben.rest.body import read_json", 1),
        ("features/jwt/x.py", "from benben.features.identity.models import User", 1),
        ("features/jwt/x.py", "from benben.features.identity.interfaces import IUsers", 0),
        ("resource/x.py", "from benben.testing import build_api", 1),
        ("resource/x.py", "from benben.db.runner import Runner", 0),
    ],
)
def test_a_wrong_import_is_found(path: str, source: str, count: int) -> None:
    """The rule itself, on made-up modules."""
    assert len(list(import_breaches(path, ast.parse(source)))) == count


@pytest.mark.parametrize(
    ("source", "count"),
    [("X = []", 1), ("X = dict()", 1), ("X = ()", 0), ("X: Mapping[str, int] = {}", 0), ("__all__ = ['a']", 0)],
)
def test_mutable_state_is_found(source: str, count: int) -> None:
    """The rule itself, on made-up modules."""
    assert len(list(state_breaches("x.py", ast.parse(source)))) == count
