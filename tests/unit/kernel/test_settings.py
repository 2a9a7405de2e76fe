"""Typed settings: every mistake at once, references, overrides."""

from __future__ import annotations

from typing import Any

import pytest

from benben.kernel import Choice, Plugin, Setting, Settings, Switch, Text, Whole, Words


class ShelfSettings(Settings):
    """``shelf.*``."""

    prefix = "shelf"

    size = Setting(Whole(1, 100), default=5, unit="books", help="Books on a shelf.")
    open = Setting(Switch(), default=True)
    kind = Setting(Choice("oak", "pine"), default="oak")
    labels = Setting(Words(), default=())
    key = Setting(Text(), default="", secret=True)
    pin = Setting(Whole(1, 9), default=1, secret=True)


SHELF = Plugin("shelf", settings=(ShelfSettings,))


@pytest.fixture
def shelf(host: Any, plugin: Any) -> Any:
    """A host that knows the plugin shelf; its settings end up in ``host.seen``."""

    def includeme(config: Any) -> None:
        host.seen = config.add_plugin(SHELF)

    host.known["shelf"] = plugin("shelf", includeme, SHELF)
    return host


def test_settings_are_typed_and_frozen(shelf: Any) -> None:
    """A plugin gets values, not strings."""
    shelf.assemble(plugin__shelf="on", shelf__size="7", shelf__open="no", shelf__labels="a  b\n c")

    assert (shelf.seen.size, shelf.seen.open, shelf.seen.kind, shelf.seen.labels) == (7, False, "oak", ("a", "b", "c"))
    with pytest.raises(AttributeError):
        shelf.seen.size = 8


def test_every_mistake_is_found_at_once(shelf: Any) -> None:
    """Wrong type, unknown key, unknown choice, broken reference, unknown plugin, strict booleans."""
    mistakes = shelf.mistakes(
        plugin__shelf="on",
        plugin__shelve="on",
        shelf__size="many",
        shelf__open="enabled",
        shelf__kind="pin",
        shelf__siz="3",
        shelf__key="$env:NOT_THERE",
        benben__prefx="/v2",
    )

    assert mistakes == {
        "plugin.shelve": "no installed plugin has this name (did you mean shelf?); a plain include needs plugin.shelve.include",
        "shelf.size": "expected a whole number from 1 to 100, not 'many'",
        "shelf.open": "expected on or off, not 'enabled'",
        "shelf.kind": "expected one of oak, pine (did you mean pine?), not 'pin'",
        "shelf.siz": "is not a setting (did you mean shelf.size?)",
        "shelf.key": "the environment variable NOT_THERE is not set",
        "benben.prefx": "is not a setting (did you mean benben.prefix?)",
    }


@pytest.mark.parametrize("text", ["", " ", "1.5", "101", "0", "-1", "٣", "1_0", "0x10", "9" * 30])
def test_a_number_is_a_number(shelf: Any, text: str) -> None:
    """Nothing that only looks like one."""
    assert set(shelf.mistakes(plugin__shelf="on", shelf__size=text)) == {"shelf.size"}


def test_a_secret_is_never_shown(shelf: Any) -> None:
    """Not even where it is wrong."""
    mistakes = shelf.mistakes(plugin__shelf="on", shelf__pin="planted-secret")

    assert mistakes == {"shelf.pin": "expected a whole number from 1 to 9"}


def test_references_stand_for_values_elsewhere(shelf: Any) -> None:
    """The environment, and a file beside the ini; a doubled sign is the sign itself."""
    (shelf.here / "key.txt").write_text("from a file\n")

    shelf.assemble({"SHELF_SIZE": "9"}, plugin__shelf="on", shelf__size="$env:SHELF_SIZE", shelf__key="$file:key.txt")
    assert (shelf.seen.size, shelf.seen.key) == (9, "from a file")
    shelf.assemble(plugin__shelf="on", shelf__key="$$env:X")
    assert shelf.seen.key == "$env:X"
    assert "cannot be read" in shelf.mistakes(plugin__shelf="on", shelf__key="$file:none.txt")["shelf.key"]
    assert "write $$" in shelf.mistakes(plugin__shelf="on", shelf__key="$vault:x")["shelf.key"]


def test_a_generated_value_is_written_on_start_and_kept(shelf: Any) -> None:
    """Looking at a configuration writes nothing; the file is its owner's alone."""
    assembly = shelf.assemble(plugin__shelf="on", shelf__key="$generate:var/key.txt")
    first, path = shelf.seen.key, shelf.here / "var" / "key.txt"
    assert not path.exists()

    assembly.start()

    assert path.stat().st_mode & 0o777 == 0o600
    shelf.assemble(plugin__shelf="on", shelf__key="$generate:var/key.txt")
    assert shelf.seen.key == first
    assert len(first) == 64


def test_the_environment_overrides_the_ini(shelf: Any) -> None:
    """A double underscore is the dot; what an orchestrator injects has none and is no setting."""
    environ = {"BENBEN_SHELF__SIZE": "11", "BENBEN_PORT": "tcp://10.0.0.1", "BENBEN_SERVICE_HOST": "10.0.0.1"}

    shelf.assemble(environ, plugin__shelf="on", shelf__size="7")

    assert shelf.seen.size == 11
    assert shelf.mistakes({"BENBEN_SHELF__SIZ": "1"}, plugin__shelf="on") == {
        "shelf.siz": "is not a setting (did you mean shelf.size?) [from BENBEN_SHELF__SIZ]"
    }


def test_the_settings_of_a_plugin_that_is_off_are_left_alone(shelf: Any) -> None:
    """It is not imported, so that nobody can judge them."""
    shelf.assemble(plugin__shelf="off", shelf__size="many")


def test_a_required_setting_is_named_with_its_help(host: Any, plugin: Any) -> None:
    """The start says what is missing and what it is for."""

    class Needy(Settings):
        prefix = "needy"
        key = Setting(Text(), secret=True, help="What doors are opened with.")

    host.known["needy"] = plugin("needy", manifest=Plugin("needy", settings=(Needy,)))

    assert host.mistakes(plugin__needy="on") == {"needy.key": "is required: What doors are opened with"}
