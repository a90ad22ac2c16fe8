"""What a visitor pastes is read, or it is said in which line and column it cannot be."""

import pytest

from cds_service.errors import RequestError
from cds_service.web import pasted

ONE, TWO = '{"id": "a"}', '{"id": "b"}'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (ONE, {"id": "a"}),
        (f"\ufeff{ONE}\n\n", {"id": "a"}),
        (f"[{ONE},\n{TWO}]", [{"id": "a"}, {"id": "b"}]),
        (f"{ONE}\n{TWO}", [{"id": "a"}, {"id": "b"}]),
        (f"\n{ONE}\n\n{TWO}\n", [{"id": "a"}, {"id": "b"}]),
    ],
)
def test_json_and_lines_of_json_are_read(text: str, value: object):
    assert pasted.read(text) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "line 1, column 2: it ends here, too early"),
        ('{"a": 1,\n "b" 2}', "line 2, column 6: a colon is expected"),
        ('{\n"a": [1 2]}', "line 2, column 9: a comma is expected"),
        ("{'a': 1}", "line 1, column 2: a name in double quotes is expected"),
        ('{"a":\n  hello}', "line 2, column 3: a value is expected"),
        ('{"a": "b}', "line 1, column 7: a text begins here and does not end"),
        ('{"a": "b\nc"}', "line 1, column 9: a line break or a control character stands inside a text"),
        ('{"a": "\\x"}', "line 1, column 8: Invalid \\\\escape"),
        (f"{ONE} x", "line 1, column 13: something follows after the end"),
        (f'{{\n"id": 1\n}}\n{TWO}', "line 4, column 1: something follows after the end"),
        (f'{ONE}\n{TWO}\n{{"c": }}', "line 3, column 7: a value is expected"),
        ('{"a": NaN}', "it holds NaN, which is no number"),
        ("[" * 100_000, "its elements lie too deep in one another"),
        ("9" * 5_000, "it holds a number with too many digits"),
    ],
)
def test_what_is_no_json_is_named_with_its_place(text: str, says: str):
    with pytest.raises(RequestError, match=says):
        pasted.read(text)
