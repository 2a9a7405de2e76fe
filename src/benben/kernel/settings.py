"""Typed settings: an ini file in, frozen values or a list of mistakes out.

A plugin declares a :class:`Settings` schema. Its nodes carry the type, the default, the
unit and the help that ``benben settings`` prints; a node without a default is required.

Values come from the ini file, then from ``BENBEN_<PREFIX>__<KEY>`` in the environment.
``$env:NAME``, ``$file:PATH`` and ``$generate:PATH`` stand for a value kept elsewhere;
paths are relative to the folder of the ini file.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import colander

from benben.kernel.mistakes import Mistake, nearest

ENVIRONMENT_PREFIX = "BENBEN_"
GENERATED_BYTES = 32
TRUE_WORDS = frozenset({"on", "true", "yes", "1"})
FALSE_WORDS = frozenset({"off", "false", "no", "0"})


class Switch(colander.SchemaType):
    """``on`` or ``off``; no other word is silently taken for off."""

    expects = "on or off"

    def deserialize(self, node: Any, text: str) -> bool:
        """Return the truth of *text*."""
        word = text.strip().lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            raise colander.Invalid(node, self.expects)
        return word in TRUE_WORDS


class Whole(colander.SchemaType):
    """A whole number within bounds."""

    def __init__(self, minimum: int, maximum: int) -> None:
        self.minimum, self.maximum = minimum, maximum
        self.expects = f"a whole number from {minimum} to {maximum}"

    def deserialize(self, node: Any, text: str) -> int:
        """Return the number that *text* writes in ASCII digits."""
        digits = text.strip().removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
            raise colander.Invalid(node, self.expects)
        if not self.minimum <= int(text) <= self.maximum:
            raise colander.Invalid(node, self.expects)
        return int(text)


class Text(colander.SchemaType):
    """Any text; *expects* says what it means to a person."""

    def __init__(self, expects: str = "a text", shortest: int = 1) -> None:
        self.expects, self.shortest = expects, shortest

    def deserialize(self, node: Any, text: str) -> str:
        """Return *text* without the space around it."""
        if len(text.strip()) < self.shortest:
            raise colander.Invalid(node, self.expects)
        return text.strip()


class Words(colander.SchemaType):
    """Words separated by space; an empty value is the empty tuple."""

    def __init__(self, *choices: str) -> None:
        self.choices = frozenset(choices)
        self.expects = "words out of " + " ".join(choices) if choices else "words separated by space"

    def deserialize(self, node: Any, text: str) -> tuple[str, ...]:
        """Return the words in their order."""
        words = tuple(text.split())
        if self.choices and not self.choices.issuperset(words):
            raise colander.Invalid(node, self.expects)
        return words


class Choice(colander.SchemaType):
    """One word out of a few."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices
        self.expects = "one of " + ", ".join(choices)

    def deserialize(self, node: Any, text: str) -> str:
        """Return the word, which is one of the choices."""
        if text.strip() not in self.choices:
            raise colander.Invalid(node, self.expects + nearest(text.strip(), self.choices))
        return text.strip()


class Setting(colander.SchemaNode):
    """One key: a type, and ``default``, ``unit``, ``help`` and ``secret`` as keywords.

    Attributes:
        unit: ``s``, ``bytes``, ``rows`` and so on, or empty.
        secret: never printed back.
    """

    unit = ""
    help = ""
    secret = False

    def __init__(self, *args: Any, **kw: Any) -> None:
        if "default" in kw:
            kw["missing"] = kw["default"]
        super().__init__(*args, **kw)


class Settings(colander.MappingSchema):
    """A schema of settings that share one *prefix*; ``*`` in it stands for any one name."""

    prefix: ClassVar[str] = ""


class Values:
    """The parsed settings of one plugin, as attributes; dots in a key become underscores."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_values", dict(values))

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("settings are frozen")

    def __contains__(self, name: str) -> bool:
        return name in self._values


class Source:
    """The strings of one ini section and of the environment, references resolved on demand.

    Args:
        ini: keys and values of ``[app:main]``, ini chains already flattened.
        here: the folder of the ini file; references to files start there.
        environ: the process environment, or a part of it.
    """

    def __init__(self, ini: Mapping[str, str], here: str, environ: Mapping[str, str]) -> None:
        self.here = Path(here)
        self.environ = environ
        self.origins = dict.fromkeys(ini, "ini")
        self.texts = {key: str(value) for key, value in ini.items()}
        self.generated: dict[Path, str] = {}
        for name, text in sorted(environ.items()):
            # NOTE: an orchestrator injects BENBEN_PORT and the like for a service of our name;
            # only a double underscore, which stands for the dot, makes a variable a setting.
            if name.startswith(ENVIRONMENT_PREFIX) and "__" in name:
                key = name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", ".")
                self.texts[key] = text
                self.origins[key] = name

    def keys_under(self, prefix: str) -> list[str]:
        """Return the keys that start with *prefix* and a dot, sorted."""
        return sorted(key for key in self.texts if key.startswith(prefix + "."))

    def resolve(self, key: str) -> str:
        """Return the text of *key* with its reference replaced.

        Raises: LookupError: the reference leads nowhere; its text says which and why.
        """
        text = self.texts[key]
        kind, colon, rest = text.partition(":")
        resolvers = {"$env": self._from_environment, "$file": self._from_file, "$generate": self._generated}
        if colon and kind in resolvers:
            return resolvers[kind](rest)
        if text.startswith("$$"):
            return text[1:]
        if text.startswith("$"):
            raise LookupError("a reference is $env:NAME, $file:PATH or $generate:PATH; write $$ for the sign itself")
        return text

    def write_generated(self) -> None:
        """Write the generated values to their files, readable by the owner only."""
        for path, text in self.generated.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(text + "\n", encoding="ascii")
        self.generated.clear()

    def _from_environment(self, name: str) -> str:
        if not self.environ.get(name):
            raise LookupError(f"the environment variable {name} is not set")
        return self.environ[name]

    def _from_file(self, name: str) -> str:
        try:
            return (self.here / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise LookupError(f"the file {name} cannot be read ({type(exc).__name__})") from exc

    def _generated(self, name: str) -> str:
        path = self.here / name
        if path.exists():
            return self._from_file(name)
        return self.generated.setdefault(path, secrets.token_hex(GENERATED_BYTES))


def read(schema: type[Settings], source: Source, prefix: str = "") -> tuple[dict[str, Any], list[Mistake]]:
    """Return the values of *schema* and every mistake in them.

    A mistaken key takes its default, so that one start finds the mistakes of all plugins.
    """
    values: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for node in schema().children:
        key = f"{prefix or schema.prefix}.{node.name}"
        values[node.name.replace(".", "_")] = None if node.required else node.missing
        if key not in source.texts:
            if node.required:
                mistakes.append(Mistake(key, f"is required: {node.help or 'a value'}".rstrip(".")))
            continue
        try:
            values[node.name.replace(".", "_")] = node.deserialize(source.resolve(key))
        except LookupError as exc:
            mistakes.append(Mistake(key, str(exc)))
        except colander.Invalid as exc:
            mistakes.append(Mistake(key, _sentence(exc, node, source, key)))
    return values, mistakes


def unknown_keys(source: Source, known: Iterable[str], prefix: str) -> list[Mistake]:
    """Return a mistake for each key under *prefix* that is not among the full keys *known*."""
    known = set(known)
    return [
        Mistake(key, f"is not a setting{nearest(key, known)}{_origin(source, key)}")
        for key in source.keys_under(prefix)
        if key not in known
    ]


def _sentence(exc: colander.Invalid, node: Setting, source: Source, key: str) -> str:
    """Return what is wrong with *key*; the value is shown unless it is a secret."""
    expected = exc.msg if isinstance(exc.msg, str) else "; ".join(str(part) for part in exc.messages())
    shown = "" if node.secret or source.texts[key].startswith("$") else f", not {source.texts[key][:60]!r}"
    return f"expected {expected}{shown}{_origin(source, key)}"


def _origin(source: Source, key: str) -> str:
    return "" if source.origins.get(key, "ini") == "ini" else f" [from {source.origins[key]}]"
