"""The sizes that good code of this kind really has, and that rot exceeds first.

Numbers and reasons: CONTRIBUTING.md. What is longer for a good reason is named here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).resolve().parents[2] / "src" / "benben"
KERNEL_LINES = 1_300
"""Lines of code in the kernel: about a thousand is one sitting; the mapper, the rollback and the edge came later."""
SUPPRESSIONS = 5
LONG_SIGNATURES = {"server/listener.py __init__", "server/channel.py __init__"}
"""Waitress calls the constructors of its server and of its channels with all of these."""
NAMED_BY_CLICK = {"command", "group"}
"""A function that click calls gets everything by name."""
LONG_POSITIONALS = 38
"""Public functions with a fourth positional parameter, from before the rule; the number may only go down."""
WORDS_THAT_NAME_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
_SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no cover)(.*)")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> Iterator[tuple[str, str, ast.Module]]:
    """Yield the name, the text and the tree of every module."""
    for path in sorted(SRC.rglob("*.py")):
        text = path.read_text()
        yield str(path.relative_to(SRC)), text, ast.parse(text)


def functions() -> Iterator[tuple[str, Function]]:
    """Yield every function with its place."""
    for name, _, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield f"{name}:{node.lineno} {node.name}", node


def called_by_others() -> Iterator[tuple[str, Function]]:
    """Yield the public functions and methods; what is private or nested is called from where it is read."""
    for name, _, tree in modules():
        for holder in ast.walk(tree):
            for node in holder.body if isinstance(holder, (ast.Module, ast.ClassDef)) else ():
                if isinstance(node, Function) and (not node.name.startswith("_") or node.name.startswith("__")):
                    yield f"{name} {node.name}", node


def positionals(node: Function) -> int:
    """Return how many arguments may be given without a name."""
    return len([item for item in (*node.args.posonlyargs, *node.args.args) if item.arg not in ("self", "cls")])


def length(node: Function) -> int:
    """Return the lines of *node* without its docstring."""
    first = node.body[0]
    documented = ast.get_docstring(node) is not None
    begin = (first.end_lineno or first.lineno) + 1 if documented else node.lineno
    return (node.end_lineno or node.lineno) - begin + 1


def share(found: list[int], bound: int) -> float:
    """Return which part of *found* is at most *bound*."""
    return sum(value <= bound for value in found) / len(found)


def test_files_are_short() -> None:
    """95% under 300 lines, none over 400."""
    lines = {name: text.count("\n") for name, text, _ in modules()}

    assert share(list(lines.values()), 300) >= 0.95
    assert [name for name, number in lines.items() if number > 400] == []


def test_functions_are_short() -> None:
    """95% under 40 lines, none over 60."""
    lines = {place: length(node) for place, node in functions()}

    assert share(list(lines.values()), 40) >= 0.95
    assert [place for place, number in lines.items() if number > 60] == []


def test_functions_take_few_parameters() -> None:
    """Six at most; a request, the rows and their place in the body make more in a few writers."""
    many = {}
    for place, node in functions():
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        number = len([argument for argument in arguments if argument.arg not in ("self", "cls")])
        if number > 6 and re.sub(r":\d+", "", place) not in LONG_SIGNATURES:
            many[place] = number

    assert many == {}


def test_a_fourth_argument_is_named() -> None:
    """Nobody knows the fourth of a row of values where it is called."""
    long = [
        place
        for place, node in called_by_others()
        if positionals(node) > 3
        and place not in LONG_SIGNATURES
        and not any(ast.unparse(item).partition("(")[0].rpartition(".")[2] in NAMED_BY_CLICK for item in node.decorator_list)
    ]

    assert len(long) <= LONG_POSITIONALS, long


def test_an_include_declares_and_does_not_decide() -> None:
    """No condition, 25 lines at most; a loop adds one thing for each of a few and nothing else."""
    for place, node in functions():
        if node.name == "includeme":
            inside = list(ast.walk(node))
            assert length(node) <= 25, place
            assert not [item for item in inside if isinstance(item, (ast.If, ast.IfExp, ast.While, ast.Try, ast.Match))], place
            assert [len(item.body) for item in inside if isinstance(item, ast.For)] in ([], [1]), place


def test_the_kernel_is_read_in_one_sitting() -> None:
    """Code without blank lines, comments and docstrings."""
    total = 0
    for name, text, tree in modules():
        if name.startswith("kernel/"):
            documented = [
                node
                for node in ast.walk(tree)
                if isinstance(node, (ast.Module, ast.ClassDef, Function)) and ast.get_docstring(node)
            ]
            docstrings = sum((node.body[0].end_lineno or 0) - node.body[0].lineno + 1 for node in documented)
            total += sum(bool(line.strip()) and not line.strip().startswith("#") for line in text.splitlines()) - docstrings

    assert total <= KERNEL_LINES


def test_suppressions_are_a_handful_with_reasons() -> None:
    """Each names its code and says why."""
    found = [(name, match) for name, text, _ in modules() for match in _SUPPRESSION.finditer(text)]

    assert len(found) <= SUPPRESSIONS, [name for name, _ in found]
    assert [name for name, match in found if not re.search(r"[\[:]\s*[\w-]+.*#\s*\S+|\(\S.*\)", match[2])] == []


def test_every_module_says_what_it_is() -> None:
    """And no name says nothing."""
    assert [name for name, text, tree in modules() if text.strip() and not ast.get_docstring(tree)] == []
    assert [name for name, *_ in modules() if set(Path(name).with_suffix("").parts) & WORDS_THAT_NAME_NOTHING] == []
