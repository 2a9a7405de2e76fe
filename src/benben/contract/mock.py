"""Answers without a handler: the examples of the contract, else values made of its schemas.

``Prefer: code=404`` asks for the answer of a status, ``Prefer: example=empty`` for an example by
its name; what was heeded stands in ``Preference-Applied``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from benben.contract.answers import told
from benben.contract.generate import NotGenerated, generate
from benben.contract.source import place_of
from benben.kernel.mistakes import Mistake
from benben.kernel.problems import FieldError
from benben.rest.preferences import MAX_LENGTH
from benben.rest.problems import InvalidPreference

if TYPE_CHECKING:
    from benben.contract.answers import Answers
    from benben.contract.document import Contract
    from benben.contract.schemas import Schemas
    from benben.kernel.request import Request

_WISH = re.compile(
    r'(?:^|[,;])[ \t]*(code|example|handling)[ \t]*=[ \t]*(?:"([^"\\]*)"|([!#$%&\'*+.^_`|~0-9A-Za-z-]+))', re.IGNORECASE
)

# An interim answer is no answer, and there is no status beyond these.
_STATUS = re.compile(r"[2-5][0-9]{2}")


class Mock:
    """What one operation answers.

    Attributes:
        bodies: media type and body by status key and name of the example; the first is the usual one.
    """

    def __init__(self, contract: Contract, answers: Answers, schemas: Schemas) -> None:
        self._answers = answers
        self.bodies: dict[str, dict[str, tuple[str, Any]]] = {}
        self._headers: dict[str, dict[str, Any]] = {}
        self.mistakes: list[Mistake] = []
        for key, said in answers.said.items():
            self.bodies[key] = dict(self._examples(contract, key, said, schemas))
            self._headers[key] = dict(self._made_headers(contract, said, schemas))

    def __call__(self, request: Request, _values: Mapping[str, Any], _body: Any) -> Any:
        """Return the answer that the caller prefers, or the usual one.

        Raises: InvalidPreference: it is not there, and the caller wants that to be strict.
        """
        wishes = _wishes(request.environ.get("HTTP_PREFER", "")[:MAX_LENGTH])
        status, heeded = str(self._answers.status), []
        key = self._key(status)
        wanted = wishes.get("code", "")
        if _STATUS.fullmatch(wanted) and self._key(wanted):
            status, key = wanted, self._key(wanted)
            heeded.append(f"code={wanted}")
        examples = self.bodies.get(key, {})
        media_type, body = next(iter(examples.values()), ("", None))
        if wishes.get("example") in examples:
            media_type, body = examples[wishes["example"]]
            heeded.append(f"example={wishes['example']}")
        if wishes.get("handling", "").lower() == "strict" and len(heeded) < len(wishes.keys() & {"code", "example"}):
            raise InvalidPreference(errors=[FieldError("Prefer", self._known(), "choice", "header")])
        headers = {**self._headers.get(key, {}), **({"Content-Type": media_type} if media_type else {})}
        headers |= {"Preference-Applied": ", ".join(heeded)} if heeded else {}
        return body, int(status), headers

    def _key(self, status: str) -> str:
        """Return under which key the contract describes *status*; empty if it does not."""
        keys = (status, f"{status[0]}XX", "DEFAULT")
        return next((key for key in keys if key in self._answers.said), "")

    def _known(self) -> str:
        listed = ", ".join(
            key.lower() + (f" ({', '.join(names)})" if any(names := list(items)) else "") for key, items in self.bodies.items()
        )
        return f"The contract has these answers: {listed}."

    def _examples(
        self, contract: Contract, key: str, said: Mapping[str, Any], schemas: Schemas
    ) -> Iterator[tuple[str, tuple[str, Any]]]:
        """Yield the examples of one response by name; one that is made has no name."""
        for media_type, media in said.get("content", {}).items():
            if "*" in media_type:
                continue
            where = place_of(said, "content")
            known = {name: contract.resolved(item).get("value") for name, item in media.get("examples", {}).items()}
            if "example" in media:
                known[""] = media["example"]
            if not known:
                try:
                    known[""] = generate(media.get("schema", True), schemas)
                except NotGenerated:
                    self.mistakes.append(Mistake(where, f"no value can be made for {key.lower()} {media_type}; give an example"))
                    continue
            answer = self._answers.answers[key]
            rule = answer.media[media_type.partition(";")[0].strip().lower()]
            for name, value in known.items():
                wrong = list(told(rule.faults(value)))
                if wrong:
                    what = f"the example {name} of {key} {media_type}".replace("  ", " ")
                    self.mistakes.append(Mistake(where, f"{what} breaks its schema: {'; '.join(wrong)}"))
                yield name, (media_type, value)

    def _made_headers(self, contract: Contract, said: Mapping[str, Any], schemas: Schemas) -> Iterator[tuple[str, Any]]:
        """Yield the headers that a response needs, with a value."""
        for name, reference in said.get("headers", {}).items():
            header = contract.resolved(reference)
            if not header.get("required") or name.lower() == "content-type":
                continue
            try:
                value = header["example"] if "example" in header else generate(header.get("schema", True), schemas)
            except NotGenerated:
                text = f"no value can be made for the header {name}; give an example"
                self.mistakes.append(Mistake(place_of(said, "headers"), text))
                continue
            yield name, ",".join(map(str, value)) if isinstance(value, list) else value


def _wishes(header: str) -> dict[str, str]:
    """Return what a Prefer header says of answers; of one that is given twice the first counts."""
    found: dict[str, str] = {}
    for match in _WISH.finditer(header):
        found.setdefault(match[1].lower(), match[2] if match[2] is not None else match[3])
    return found
