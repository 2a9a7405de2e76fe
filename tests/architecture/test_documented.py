"""Each setting says what it is for, and each problem what has happened: both are texts that somebody reads.

That every problem of an application has its page and stands in its document is tested in `functional/docs`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("src/benben", "plugins")


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield every class of the host and of the plugins with its place."""
    for place in PLACES:
        for path in sorted((ROOT / place).rglob("*.py")):
            if "tests" not in path.parts and "build" not in path.parts:
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.ClassDef):
                        yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def derived_from(root: str) -> dict[str, ast.ClassDef]:
    """Return the classes that are a *root* by their names, through each other as well."""
    found: dict[str, ast.ClassDef] = {}
    names, before = {root}, 0
    while len(names) > before:
        before = len(names)
        for place, node in classes():
            if any(ast.unparse(base).rpartition(".")[2] in names for base in node.bases):
                found[place] = node
                names.add(node.name)
    return found


def settings_of(node: ast.ClassDef) -> Iterator[tuple[int, ast.Call]]:
    """Yield line and call of each setting of a schema."""
    for item in node.body:
        call = item.value if isinstance(item, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "Setting":
            yield item.lineno, call


def help_of(call: ast.Call) -> str:
    """Return the help of a setting."""
    given = {item.arg: item.value for item in call.keywords}
    return ast.literal_eval(given["help"]) if "help" in given else ""


def test_every_setting_says_what_it_is_for() -> None:
    """A sentence, which `benben settings` prints and a missing key is reported with."""
    calls = [(place, line, call) for place, node in derived_from("Settings").items() for line, call in settings_of(node)]

    assert len(calls) > 40
    assert [(place, line) for place, line, call in calls if not help_of(call).endswith(".")] == []


def test_every_problem_says_what_has_happened() -> None:
    """Its docstring is its page under `/problems/<code>`; a code without a title says nothing to a person."""
    problems = derived_from("Problem")

    assert len(problems) > 30
    assert [place for place, node in problems.items() if not (ast.get_docstring(node) or "").rstrip().endswith(".")] == []
    for place, node in problems.items():
        given = {target.id for item in node.body if isinstance(item, ast.Assign) for target in item.targets if _is_name(target)}
        assert "code" not in given or "title" in given, place


def test_every_distribution_brings_its_licence() -> None:
    """A source archive holds only what stands beside its `pyproject.toml`."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    places = [path.parent for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))]

    assert [place.name for place in places if (place / "LICENSE").read_text(encoding="utf-8") != text] == []


def _is_name(target: ast.expr) -> bool:
    return isinstance(target, ast.Name)
