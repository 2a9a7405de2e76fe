"""Messages of colander become our codes and sentences; foreign ones stay, cut short."""

import colander
import pytest

from benben.rest.faults import KNOWN_MESSAGES, MAX_FAULTS, Fault, field_errors
from benben.rest.nodes import Integer, Node, String


def error_of(node, value):
    """Return code and sentence of the only fault."""
    with pytest.raises(colander.Invalid) as caught:
        node.deserialize(value)
    (error,) = field_errors(caught.value)
    return error.code, error.detail


def plain(typ, validator=None):
    """Return a node of colander itself."""
    return colander.SchemaNode(typ, validator=validator)


@pytest.mark.parametrize(
    ("node", "value", "code"),
    [
        (plain(colander.String()), colander.null, "required"),
        (plain(colander.String()), 5, "type"),
        (plain(colander.Integer()), "x", "type"),
        (plain(colander.Boolean(true_choices=("true",))), "x", "type"),
        (plain(colander.Mapping()), 5, "type"),
        (plain(colander.List()), 5, "type"),
        (plain(colander.Date()), "x", "format"),
        (plain(colander.Time()), "x", "format"),
        (plain(colander.String(), colander.Length(min=2)), "x", "length"),
        (plain(colander.String(), colander.Length(max=2)), "xxx", "length"),
        (plain(colander.Integer(), colander.Range(min=2)), 1, "range"),
        (plain(colander.Integer(), colander.Range(max=2)), 3, "range"),
        (plain(colander.String(), colander.OneOf(["a"])), "x", "choice"),
        (plain(colander.String(), colander.NoneOf(["x"])), "x", "choice"),
        (plain(colander.List(), colander.ContainsOnly(["a"])), ["x"], "choice"),
        (plain(colander.String(), colander.Regex("a")), "x", "pattern"),
        (plain(colander.String(), colander.Email()), "x", "format"),
        (plain(colander.String(), colander.url), "x y", "format"),
        (plain(colander.String(), colander.file_uri), "x", "format"),
        (plain(colander.String(), colander.uuid), "x", "format"),
        (plain(colander.String(), colander.DataURL()), "x", "format"),
        (plain(colander.String(), colander.luhnok), "x", "format"),
        (plain(colander.String(), colander.Function(lambda value: False)), "x", "invalid"),
    ],
    ids=lambda value: type(getattr(value, "typ", value)).__name__,
)
def test_colander_s_own_messages_have_codes_and_fixed_sentences(node, value, code):
    """A version of colander with other words would be seen here."""
    found, sentence = error_of(node, value)

    assert found == code
    assert "x" not in sentence.replace("expected", "").replace("Must be none of: x.", "")
    assert "$" not in sentence


def test_no_known_sentence_quotes_the_value():
    """The bounds and the choices are the author's; the value is not."""
    assert all("${val}" not in sentence and "${err}" not in sentence for _, sentence in KNOWN_MESSAGES.values())


def test_a_message_of_somebody_else_stays_with_a_short_quotation():
    """It is the best that is known of the fault."""
    rule = colander.Function(lambda value: "Not ${val}, please.")

    assert error_of(Node(String(), validator=rule), "this") == ("invalid", "Not this, please.")
    assert len(error_of(Node(String(), validator=rule), "x" * 10_000)[1]) < 80


def test_a_message_with_a_container_names_its_type():
    """Its text could be a megabyte."""
    rule = colander.Function(lambda value: "Not ${val}.")

    assert error_of(plain(colander.List(), rule), ["x"] * 1_000) == ("invalid", "Not (list).")


def test_all_messages_of_one_value_are_faults_of_its_own():
    """``All`` joins them in one exception."""
    node = Node(Integer(), validator=colander.All(colander.Range(min=5), colander.OneOf([7])))

    with pytest.raises(colander.Invalid) as caught:
        node.deserialize(3)

    assert [(error.pointer, error.code) for error in field_errors(caught.value)] == [("", "range"), ("", "choice")]


def test_an_exception_without_a_message_is_a_fault_all_the_same():
    """Nothing may be refused in silence."""
    assert [(error.code, error.detail) for error in field_errors(colander.Invalid(Node(Integer())))] == [
        ("invalid", "Is not valid.")
    ]


def test_a_foreign_tree_of_faults_is_read_to_a_bound():
    """A plain sequence of colander collects without one."""
    sequence = colander.SchemaNode(colander.Sequence(), colander.SchemaNode(colander.Integer()))

    with pytest.raises(colander.Invalid) as caught:
        sequence.deserialize(["x"] * 1_000)

    assert len(field_errors(caught.value)) == MAX_FAULTS


def test_a_fault_of_a_key_has_the_key_in_colander_s_report_too():
    """Cornice reports faults by ``asdict``."""
    assert Fault(Node(Integer(), name="a"), "unknown", "No.", key="b").asdict() == {"b": "No."}
    assert Fault(Node(Integer(), name="a"), "type", "No.").asdict() == {"a": "No."}
