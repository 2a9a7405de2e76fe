"""What is told of an error, and with which exit code."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from benben.cli.failures import one_line, tell
from benben.kernel import ConfigurationMistakes, FieldError, InvalidInput, Mistake
from benben.kernel.problems import NotFound, Unavailable


@pytest.mark.parametrize(
    ("exc", "code", "text"),
    [
        (ConfigurationMistakes([Mistake("a.b", "is\nwrong"), Mistake("c", "too")]), 2, "a.b: is wrong\nc: too\n"),
        (InvalidInput(errors=[FieldError("/name", "Must match.")]), 2, "name: Must match.\n"),
        (NotFound("Nobody."), 2, f"{NotFound.title}: Nobody.\n"),
        (Unavailable("Later."), 1, f"{Unavailable.title}: Later.\n"),
        (
            OperationalError("SELECT 1", {}, Exception("refused postgresql://u:hunter2@h/d")),
            1,
            "the database says: refused postgresql://u:***@h/d\n",
        ),
    ],
)
def test_a_known_error_is_a_line_and_a_code(exc: Exception, code: int, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(exc) == code
    assert capsys.readouterr() == ("", text)


def test_an_unknown_error_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        tell(ZeroDivisionError())


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert one_line("a\x1b[31mb\r\nc") == r"a\x1b[31mb c"
