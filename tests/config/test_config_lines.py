import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.lines import Where, lines_of


def every_path(node: object, above: Where = ()) -> Iterator[Where]:
    """The oracle: what tomllib makes of the whole document."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*above, key)
            yield from every_path(value, (*above, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, dict):
                yield (*above, index)
                yield from every_path(item, (*above, index))


@pytest.mark.parametrize(
    ("text", "where", "line"),
    [
        pytest.param("a = 1\nb = 2", ("b",), 2, id="plain keys"),
        pytest.param("\r\n# c\r\na = 1\r\n", ("a",), 3, id="Windows line ends"),
        pytest.param("[t]\na = 1", ("t", "a"), 2, id="a key in a table"),
        pytest.param("[t]\na = 1", ("t",), 1, id="a table's header"),
        pytest.param("[ t . 'u' ] # x\n\na = 1", ("t", "u", "a"), 3, id="a spaced header"),
        pytest.param("[t.u]\na = 1", ("t",), 1, id="a parent named by its child alone"),
        pytest.param("t.a.b = 1", ("t", "a", "b"), 1, id="dotted keys"),
        pytest.param("[t]\n\"a b\".'c' = 1", ("t", "a b", "c"), 2, id="quoted keys"),
        pytest.param(
            '"a]" = """\n[t]\nb = 1\n"""\nb = 2', ("b",), 5, id="text that looks like TOML"
        ),
        pytest.param("a = '''\n]\n'''\nb = 2", ("b",), 4, id="literal text with a bracket"),
        pytest.param("a = [\n 1, # ]\n [2],\n]\nb = 2", ("b",), 5, id="a list of several lines"),
        pytest.param("a = [\n '''\n]''' ]\nb = 2", ("b",), 4, id="long text in a long list"),
        pytest.param("a = {b = 1, c = {d = 2}}", ("a", "c", "d"), 1, id="inline tables"),
        pytest.param("[[t]]\na = 1\n[[t]]\na = 2", ("t", 1, "a"), 4, id="an array of tables"),
        pytest.param(
            "[[t]]\n[t.u]\na = 1\n[[t]]\n[t.u]\na = 2", ("t", 1, "u", "a"), 6, id="below one"
        ),
        pytest.param(
            "[[t]]\n[[t.u]]\n[[t]]\n[[t.u]]\na = 2", ("t", 1, "u", 0, "a"), 5, id="in one"
        ),
        pytest.param(
            "t = [\n {a = 1},\n {b = 2}]", ("t", 1, "b"), 1, id="an inline array of tables"
        ),
        pytest.param("a = 1\nb = 2\n[c]", ("c",), 3, id="an empty table at the end"),
    ],
)
def test_a_key_is_found_on_its_line(text: str, where: Where, line: int) -> None:
    assert lines_of(text)[where] == line


VALUES = st.sampled_from(
    [
        "1",
        "'#'",
        '"\\"]"',
        '"""\n[x]\na = 1 \\\n"""',
        "'''\n]]\n= }\n'''",
        "[ # ]\n 'a=1',\n\n '''\n[a]''',\n [2]]",
        "{ k = [\n1,\n2], 'l m' = { n = 1 } }",
        "[{ k = 1 }, { 'k' = 2 }]",
        "1979-05-27 07:32:00 # = [",
    ]
)
KEYS = st.sampled_from(["'q u'", '"#"', "s", "t . u", '"="."[x]"'])
BLANKS = st.sampled_from(["", "\n", "# [no]\n", "  \n\t# a = '''\n"])
ASSIGNMENTS = st.tuples(BLANKS, KEYS, VALUES)
HEADERS = st.sampled_from(["[[one]]", "[[ 'one' ]] # x", "[[one.'two']]"])
TABLES = st.tuples(HEADERS, st.lists(ASSIGNMENTS, max_size=5, unique_by=lambda one: one[1]))


@given(st.lists(TABLES, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_what_is_located_is_what_tomllib_reads_and_it_stands_there(
    tables: list[tuple[str, list[tuple[str, str, str]]]], line_end: str
) -> None:
    text = "[[one]]\n"
    starts = []
    for header, assignments in tables:
        text += f"{header}\n"
        for blank, key, value in assignments:
            text += blank
            starts.append(text.count("\n") + 1)
            text += f"{key} = {value}\n"
    document = tomllib.loads(text)

    located = lines_of(text.replace("\n", line_end))

    assert set(located) == set(every_path(document))
    assert set(starts) <= set(located.values())


def test_a_key_of_a_thousand_dots_is_no_harm() -> None:
    assert lines_of(".".join("a" * 5000) + " = 1")["a",] == 1
