"""The schemas that have a name, by what refers to them, and their checks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from benben.contract.checks import Check, NotCompiled, compile_check
from benben.contract.unevaluated import Seen, compile_seen


class Named:
    """The named schemas of one contract, as they hold in one direction.

    Args:
        uri: what every reference begins with.
        contents: the schemas by name.
    """

    def __init__(self, uri: str, contents: Mapping[str, Any]) -> None:
        self._uri = uri
        self._contents = contents
        self._checks: dict[str, Check] = {}
        self._seen: dict[tuple[int, str], tuple[Any, Seen]] = {}
        self._left: dict[int, Any] = {}
        self._local = threading.local()

    def schema(self, reference: str) -> Any:
        """Return what *reference* names."""
        return self._contents.get(reference.rpartition("/")[2], {})

    def check(self, reference: str) -> Check:
        """Return the check of what *reference* names; of one that is inside itself it remembers its verdicts.

        Raises: NotCompiled: it leads elsewhere.
        """
        if not reference.startswith(self._uri):
            raise NotCompiled
        name = reference.rpartition("/")[2]
        if name not in self._checks:
            remembered = self._checks[name] = Remembered(self._local)
            # Whoever asks for it meanwhile is inside it, and keeps the one that remembers.
            remembered.check = self._checks[name] = self.compiled(self._contents[name])
        return self._checks[name]

    def compiled(self, schema: Any) -> Check:
        """Return the check of *schema*, that of the library where there is no other."""
        try:
            return compile_check(schema, self)
        except NotCompiled:
            self._left[id(schema)] = schema
            return self._library(schema)

    def is_left_to_the_library(self, schema: Any) -> bool:
        """Tell whether *schema*, which has been compiled, has the check of the library."""
        return id(schema) in self._left

    def _library(self, schema: Any) -> Check:
        # PERF: a tenth of a second and seven megabytes, which few contracts pay.
        from benben.contract.verdicts import validator_of

        found: Callable[[Any], bool] = validator_of(schema, self._registry).is_valid
        return found

    def seen(self, reference: str) -> Seen:
        """Return what the schema that *reference* names looks at."""
        return self.seen_by(self.schema(reference))

    def seen_by(self, schema: Any, without: str = "") -> Seen:
        """Return what *schema* looks at, apart from one keyword."""
        key = id(schema), without
        if key not in self._seen:
            self._seen[key] = schema, compile_seen(schema, self, compile_check, without=without)
        return self._seen[key][1]

    @cached_property
    def _registry(self) -> Any:
        from benben.contract.verdicts import registry_of

        return registry_of(self._uri, {"components": {"schemas": self._contents}})


class Remembered:
    """The check of a schema that is inside itself; of one value it is asked once.

    SECURITY: of ``anyOf`` and ``oneOf`` that both lead back here, each level of a value would double the time.
    """

    __slots__ = ("_local", "check")

    def __init__(self, local: threading.local) -> None:
        self._local = local
        self.check: Check

    def __call__(self, value: Any) -> bool:
        """Tell whether *value* is valid."""
        verdicts: dict[tuple[int, int], bool] | None = getattr(self._local, "verdicts", None)
        if verdicts is None:
            # The values stay where they are while the outermost one is looked at: an id is one value.
            self._local.verdicts = {}
            try:
                return self.check(value)
            finally:
                self._local.verdicts = None
        key = id(self), id(value)
        found = verdicts.get(key)
        if found is None:
            found = verdicts[key] = self.check(value)
        return found
