"""The JSON reader: what it takes, what it refuses, where it says the fault is, what it costs."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.rest.body import JSONLimits, read_json
from benben.rest.problems import DuplicateKey, JSONTooComplex, MalformedJSON
from tests.corpora import corpus
from tests.growth import thread_seconds

MEGABYTE = 1 << 20
REFUSALS = (MalformedJSON, DuplicateKey, JSONTooComplex)

# Every implementation-defined document of the corpus is pinned: these are taken, the others refused.
TAKEN = {
    "i_number_double_huge_neg_exp.json",
    "i_number_real_underflow.json",
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
}
# The corpus takes these for good JSON, and two readers may see two values in them.
DUPLICATES = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=30,
)


def verdict(raw, limits=JSONLimits()):
    """Return the value of *raw*, or the class of the problem."""
    try:
        return read_json(raw, limits)
    except REFUSALS as exc:
        return type(exc)


def repeated(unit, size=MEGABYTE):
    """Return *unit* as often as *size* bytes hold it."""
    return unit * (size // len(unit))


def test_every_document_that_must_be_refused_is_refused():
    """The 188 `n_` documents are 400 and nothing else."""
    files = sorted(corpus("JSONTestSuite/test_parsing").glob("n_*"))

    verdicts = {path.name: verdict(path.read_bytes()) for path in files}

    assert len(files) == 188
    assert [name for name, found in verdicts.items() if found not in (MalformedJSON, JSONTooComplex)] == []


def test_every_document_that_must_be_taken_is_taken_as_the_standard_library_takes_it():
    """The 95 `y_` documents give the value that ``json`` gives, but for repeated keys."""
    files = sorted(corpus("JSONTestSuite/test_parsing").glob("y_*"))
    expected = {path.name: DuplicateKey if path.name in DUPLICATES else json.loads(path.read_bytes()) for path in files}

    assert len(files) == 95
    assert {path.name: verdict(path.read_bytes()) for path in files} == expected


def test_every_document_that_may_be_taken_has_a_pinned_verdict():
    """The 35 `i_` documents: underflow and long integers are taken, all else is refused."""
    files = sorted(corpus("JSONTestSuite/test_parsing").glob("i_*"))

    taken = {path.name for path in files if verdict(path.read_bytes()) not in REFUSALS}

    assert len(files) == 35
    assert taken == TAKEN


@given(documents)
def test_what_the_standard_library_writes_is_read_back(value):
    """Any document survives, escaped or not, compact or not."""
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


@given(st.dictionaries(st.text(), documents, min_size=1), st.data())
def test_a_repeated_key_is_found_at_any_depth_and_in_any_spelling(value, data):
    """One key written twice is refused, although a dict of it looks sound."""
    key = data.draw(st.sampled_from(sorted(value)))
    members = [f"{json.dumps(name)}: {json.dumps(item)}" for name, item in value.items()]
    escaped = "".join(f"\\u{unit:04x}" for unit in _utf16(key))
    members.insert(data.draw(st.integers(0, len(members))), f'"{escaped}" : null')
    raw = ('[0, {"a": {' + ", ".join(members) + "}}]").encode()

    with pytest.raises(DuplicateKey) as caught:
        read_json(raw)

    escaped_key = key.replace("~", "~0").replace("/", "~1")
    assert caught.value.errors[0].pointer == f"/1/a/{escaped_key}"


def _utf16(text):
    """Return the code units of *text*."""
    data = text.encode("utf-16-be")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def test_quotes_and_backslashes_in_strings_are_not_taken_for_lost_keys():
    """Counting quotes must not be misled by escaped ones, or by escaped backslashes before them."""
    for text in ('a"b', "a\\", '\\"', '"":', "\\\\", '\\\\"', '"a":"b",', "\\u0022", '"' * 9):
        value = {text: [text, {text + "x": text}], "n": text}

        assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("raw", "offset"),
    [
        (b"", 0),
        (b"  \n", 3),
        (b"[1,]", 3),
        (b'{"a":1 "b":2}', 7),
        (b'{"a":1}x', 7),
        (b"[1]\x00", 3),
        (b"NaN", 0),
        (b"[Infinity]", 1),
        (b"\xef\xbb\xbf{}", 0),
        (b'["\xff"]', 2),
        (b'{"\xe9":1}', 2),
        (b'["\xed\xa0\x80"]', 2),
        (b'["\x00"]', 2),
        (b'"\\ud800"', 1),
        (b'{"a":"\\ud83d"}', 6),
        (b'{"a": "open', 11),
        (b"[[1, 2]", 7),
        ("é".encode() * 3, 0),
        ('{"é": tru}'.encode(), 10),
        (b"[txxx]", 2),
        (b"[nulL, 1]", 4),
        (b"[fals, 1]", 5),
        (b'["true\x01"]', 6),
        (b"[true,,]", 6),
        (b"[1.]", 3),
        (b"[-x]", 2),
        (b"[01]", 2),
        (b'["\\x41"]', 3),
        (b'["\\u00g0"]', 6),
        (b'["\\ud83d\\ud83d..."]', 2),
        (b'["\\ud83d\\ude00\\ude00..."]', 14),
    ],
)
def test_a_malformed_text_names_the_byte_at_fault(raw, offset):
    """The offset counts bytes, and is a member of the problem beside the sentence."""
    with pytest.raises(MalformedJSON) as caught:
        read_json(raw)

    assert caught.value.members == {"offset": offset}
    assert f"byte {offset}" in caught.value.detail


@pytest.mark.parametrize(
    ("raw", "limit"),
    [
        (b"[" * 65 + b"]" * 65, "depth"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "depth"),
        (b"[" * 100_000, "depth"),
        (b"9" * 5_000, "digits"),
        (b"[0." + b"1" * 5_000 + b"]", "digits"),
        (b"[1E" + b"0" * 5_000 + b"1]", "digits"),
        (b"1e999", "number"),
        (b'{"a": [-1e999]}', "number"),
        (b"[" + b"0," * 100_000 + b"0]", "items"),
        (b"[" + b"[]," * 100_000 + b"[]]", "items"),
        (json.dumps({str(number): number for number in range(10_001)}).encode(), "keys"),
    ],
)
def test_a_text_over_a_limit_names_the_limit(raw, limit):
    """The caller learns which bound was passed, and so what to send less of."""
    with pytest.raises(JSONTooComplex) as caught:
        read_json(raw)

    assert caught.value.members["limit"] == limit


def test_a_text_at_every_limit_is_taken():
    """The bounds themselves are allowed."""
    limits = JSONLimits(max_depth=3, max_keys=2, max_items=3, max_digits=4)

    assert read_json(b'{"a": [[1234]], "b": [0]}', limits) == {"a": [[1234]], "b": [0]}
    for raw in (b'{"a": {"b": {"c": {}}}}', b'{"a":1,"b":2,"c":3}', b"[0,[0],0]", b"12345"):
        assert verdict(raw, limits) is JSONTooComplex


def test_without_a_bound_of_digits_python_s_own_is_one():
    """It is there so that no text takes quadratic time."""
    with pytest.raises(JSONTooComplex) as caught:
        read_json(b"9" * 5_000, JSONLimits(max_digits=10_000))

    assert caught.value.members == {"limit": "number"}


def test_long_digits_inside_a_string_are_not_a_number():
    """Only numbers have a bound of digits; a text of digits is a text."""
    value = {"hash": "1" * 5_000, "escaped": '"' + "2" * 5_000, "n": 12}

    assert read_json(json.dumps(value).encode()) == value


def test_many_commas_and_brackets_inside_a_string_are_not_items():
    """The quick count of a long text is checked against the text outside its strings."""
    value = {"csv": "[{,:" * 200_000}

    assert read_json(json.dumps(value).encode()) == value


def test_integers_stay_exact_and_other_numbers_are_doubles():
    """No integer is rounded, however long; 1.0 is told apart from 1."""
    long = 10**1_000 + 1

    assert read_json(str(long).encode()) == long
    assert read_json(b"[9223372036854775808, -9223372036854775809]") == [2**63, -(2**63) - 1]
    assert [type(item) for item in read_json(b"[1, 1.0, 1e2, -0]")] == [int, float, float, int]
    assert math.copysign(1, read_json(b"-0.0")) == -1


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * MEGABYTE,
        repeated(b'{"a":'),
        b"[" + repeated(b"[],") + b"[]]",
        b"[" + repeated(b"{},") + b"{}]",
        b"[" + repeated(b"[" * 63 + b"]" * 63 + b",") + b"1]",
        b"[" + repeated(b"[],", 290_000) + b"[]]",
        b"9" * MEGABYTE,
        b"[" + repeated(b"9" * 1_000 + b",") + b"1]",
        b"[" + repeated(b"1e308,") + b"1]",
        b"[" + repeated(b"1e308,", 590_000) + b"1]",
        b"[" + repeated(b"2.2250738585072011e-308,") + b"1]",
        b'"' + repeated(b'\\"') + b'"',
        b'"' + repeated(b"\\\\") + b'"',
        b'["' + b"1" * 500_000 + b'",' + repeated(b'"' + b"1" * 1_200 + b'",', 500_000) + b"1]",
        b"{" + repeated(b'"a":0,') + b'"a":0}',
        b"[" + repeated(b'{"a":0,"b":1,"a":1},', 90_000) + b"0]",
        b'{"' + b"k" * 500_000 + b'":[' + repeated(b"{},", 290_000) + b'{"a":1,"a":2}]}',
        b"{" + b",".join(b'"k%d":"%s"' % (number, b"x" * 90) for number in range(9_990)) + b',"k9989":1}',
        b'["' + b"a" * MEGABYTE,
        repeated(b'"'),
        b'["' + b"a" * MEGABYTE + b'\xff"]',
        b" " * MEGABYTE,
    ],
    ids=lambda raw: f"{raw[:12]!r}",
)
def test_a_hostile_megabyte_costs_little(raw):
    """No text of a megabyte costs ten times what the standard library needs for a good one of a third."""
    good = b"[" + repeated(b"[],", 290_000) + b"[]]"

    assert any(thread_seconds(verdict, raw) < 10 * thread_seconds(json.loads, good) for _ in range(5))
