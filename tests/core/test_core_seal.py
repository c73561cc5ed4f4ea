"""What the types promise of `Admitted`, held against the sources."""

import ast
from functools import cache
from pathlib import Path

import gateway


def test_nothing_but_admit_makes_an_admitted() -> None:
    calls = [(file, node) for file, node in _nodes() if isinstance(node, ast.Call)]
    makers = [file for file, node in calls if _name(node.func) == "Admitted"]
    seals = [file for file, node in calls if _name(node.func) == "_Seal"]
    forgers = [
        file
        for file, node in calls
        if _name(node.func) == "replace" and [_name(given) for given in node.args] == ["admitted"]
    ]
    assert (makers, seals, forgers) == (["core/admission.py"], ["core/admission.py"], [])


def test_nothing_outside_admission_names_the_seal() -> None:
    assert {file for file, node in _nodes() if "_seal" in _name(node).lower()} == {
        "core/admission.py"
    }


@cache
def _nodes() -> list[tuple[str, ast.AST]]:
    """Every node of every source file of the gateway's, and the file that it stands in."""
    root = Path(gateway.__file__).parent
    return [
        (path.relative_to(root).as_posix(), node)
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
    ]


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
            return name
        case _:
            return ""
