"""The commands that look into the index or fill it, run as a user runs them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.core.verification import Disagreement
from gateway.stores import FeedState
from gateway.stores.sqlite import SqliteStore
from gateway.wiring import clock
from tests.fakes import KEY, NODE, SAMPLE_ID, TOKEN, call, guessed

SAMPLE = f"/verba/api?action=GetCallID&apiKey={KEY}&token={TOKEN}&extension=8856&status=last"
CONFIG = f"""
[recorder]
nodes = ["http://127.0.0.1:1/verba/api"]
api_key = "{KEY}"
time_zone = "Europe/Budapest"
[index]
store = "sqlite:///calls.db"
[[applications]]
name = "crm"
keys = ["{KEY}"]
resolve = true
[[applications]]
name = "lamp"
keys = ["lamp"]
requires_authentication = false
networks = ["10.0.0.0/8"]
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "gateway.toml"
    file.write_text(CONFIG)
    return str(file)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """The store that the configuration names, fed just now, with the sample's token proven."""
    made = SqliteStore(tmp_path / "calls.db")
    made.update([call()], FeedState(as_of=clock(), complete=True))
    made.remember(Secret(TOKEN), TokenRecord("crm", NODE, clock() + timedelta(hours=1)))
    yield made
    made.close()


def explained(capsys: pytest.CaptureFixture[str], config: str, url: str, *more: str) -> str:
    capsys.readouterr()
    assert main(["explain", config, url, *more]) == 0
    out = capsys.readouterr().out
    assert KEY not in out
    assert TOKEN not in out
    return out


@pytest.mark.usefixtures("store")
def test_an_answer_from_the_index_is_explained_step_by_step(
    capsys: pytest.CaptureFixture[str], config: str
) -> None:
    out = explained(capsys, config, f"http://gate.example{SAMPLE}")
    assert "parameter    extension = 8856\n" in out
    assert "application  crm\n" in out
    assert ", proven until " in out
    assert "query        last of 8856" in out
    assert "reaches as far back as the recorder" in out
    assert f"call         {SAMPLE_ID}, 8856 to +3612345678, began " in out
    assert f"verdict      found {SAMPLE_ID}, by last\n" in out
    assert "source       the index (callgate; hit; detail=index; as-of-age=" in out


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        (SAMPLE.replace(KEY, "nobody"), "refused      -41: The API key is not known."),
        (SAMPLE.replace("GetCallID", "GetCallURL"), "the recorder: the index answers GetCallID"),
        (SAMPLE.replace("GetCallID", "KeepCall"), f"resolved     callID = {SAMPLE_ID}, which "),
        (SAMPLE.replace(TOKEN, "unseen"), "the recorder: the token is not proven"),
        (SAMPLE + "&x=1", "the recorder: this is none of the documented forms"),
        (SAMPLE.replace("=last", "=next"), "verdict      none yet: waits until "),
        (SAMPLE.replace("8856", "9999"), "verdict      there is no such call"),
        (SAMPLE.replace("8856", "+3612345678"), "readings     +3612345678 or else 3612345678"),
    ],
)
def test_whatever_happens_to_a_request_is_explained(
    capsys: pytest.CaptureFixture[str], config: str, url: str, words: str
) -> None:
    assert words in explained(capsys, config, url)


def test_what_the_index_cannot_say_is_explained(
    capsys: pytest.CaptureFixture[str], config: str, store: SqliteStore
) -> None:
    began = clock().replace(microsecond=0) - timedelta(minutes=1)
    twins = [replace(call(id_, ended=None), started_at=began) for id_ in "bc"]
    stuck = call("stuck", ended=None)
    store.update([guessed(call("a")), stuck, *twins], FeedState(as_of=clock(), complete=False))
    out = explained(capsys, config, SAMPLE.replace("=last", "=ongoing"))
    assert "2 calls match by ongoing, which is an error" in out
    assert "reaches not as far as the recorder" in out
    assert "ongoing, set aside as stuck" in out
    out = explained(capsys, config, SAMPLE)
    assert "ended 2026-03-02 11:55:00.000000, as is inferred" in out
    store.update([], FeedState(as_of=clock() - timedelta(hours=1)))
    out = explained(capsys, config, SAMPLE)
    assert 'the recorder (callgate; fwd=miss; reason="the index is older than max_age")' in out


def test_a_token_is_explained_where_none_is_needed_and_where_its_hour_is_over(
    capsys: pytest.CaptureFixture[str], config: str, store: SqliteStore
) -> None:
    lamp = "action=GetCallID&apiKey=lamp&extension=8856&status=last"
    assert "none is needed" in explained(capsys, config, lamp, "--from", "10.0.0.1")
    assert "may not be used from this address" in explained(capsys, config, lamp)
    store.remember(Secret(TOKEN), TokenRecord("crm", NODE, clock()))
    assert "to be proven anew since" in explained(capsys, config, SAMPLE)


def test_figures_of_the_index_are_told(
    capsys: pytest.CaptureFixture[str], config: str, store: SqliteStore
) -> None:
    store.tally("last", Disagreement.MISSED)
    assert main(["index", "stats", config]) == 0
    out = capsys.readouterr().out
    assert "calls        about 1\n" in out
    assert "complete     yes\n" in out
    assert "checks       last: 1, contradicted 1\n" in out


def record(id_: str, start: str, end: str = "", **more: str) -> str:
    fields = {"ccdr_id": id_, "start_time": start, "end_time": end, "source_caller_id": "1", **more}
    return "<verbacdr>" + "".join(f"<{k}>{v}</{k}>" for k, v in fields.items()) + "</verbacdr>"


def listing(path: Path, *records: str) -> str:
    path.write_text(f"<verbacdrlist>{''.join(records)}</verbacdrlist>")
    return str(path)


def test_lists_of_calls_are_loaded_in_the_recorders_zone_and_what_is_left_out_is_said(
    capsys: pytest.CaptureFixture[str], config: str, store: SqliteStore, tmp_path: Path
) -> None:
    today = f"{clock() - timedelta(hours=3):%Y-%m-%d %H:%M:%S}"
    one = listing(tmp_path / "1.xml", record("a", today, today), record("b", today))
    two = listing(
        tmp_path / "2.xml",
        record("c", today, today, secondary="true"),
        record("", today, today),
        record("d", "2001-01-01 00:00", "2001-01-01 00:01"),
        record("A8", today, today),
    )
    assert main(["index", "import", config, one, two]) == 0
    out = capsys.readouterr().out
    assert out == (
        "2 calls are in the index. Left out: 1 duplicate recordings; 1 that are ongoing, which "
        "the feed knows better; 1 from before [index] keep; 1 without an id or a begin.\n"
    )
    assert {each.id for each in store.known(["a", "b", "c", "d", "A8"])} == {"a", "A8"}
    assert store.state().complete


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<verbacdrlist>{whole}<verbacdr><ccdr_id>", "cut off"),
        ("<!DOCTYPE x [<!ENTITY e 'x'>]><verbacdrlist>{whole}</verbacdrlist>", "no list of calls"),
        ("no XML at all", "no list of calls"),
    ],
    ids=["cut off", "doctype", "no xml"],
)
def test_a_file_that_is_no_list_is_a_fault_and_what_came_before_is_kept(
    capsys: pytest.CaptureFixture[str], config: str, tmp_path: Path, content: str, words: str
) -> None:
    today = f"{clock() - timedelta(hours=3):%Y-%m-%d %H:%M:%S}"
    file = tmp_path / "x.xml"
    file.write_text(content.format(whole=record("a", today, today)))
    assert main(["index", "import", config, str(file)]) == 1
    err = capsys.readouterr().err
    assert words in err
    assert str(file) in err
    assert ("1 calls are in the index" in err) is (words == "cut off")


def test_what_cannot_be_read_or_written_is_said(
    capsys: pytest.CaptureFixture[str], config: str, tmp_path: Path
) -> None:
    assert main(["index", "import", config, str(tmp_path / "none.xml")]) == 1
    assert "none.xml: No such file or directory" in capsys.readouterr().err
    (tmp_path / "calls.db").write_text("this is no database at all, and long enough to be read")
    for command in (["index", "stats", config], ["explain", config, SAMPLE]):
        assert main(command) == 1
        assert "calls.db is broken" in capsys.readouterr().err
    assert main(["index", "stats", str(tmp_path / "none.toml")]) == 1
    assert "none.toml" in capsys.readouterr().err
    memory = tmp_path / "memory.toml"
    memory.write_text(CONFIG.replace("sqlite:///calls.db", "memory:"))
    assert main(["index", "import", str(memory), str(memory)]) == 1
    assert "no store to import into" in capsys.readouterr().err


def test_what_is_not_documented_is_not_shown_in_an_explanation(
    capsys: pytest.CaptureFixture[str], config: str, store: SqliteStore
) -> None:
    store.close()
    out = explained(capsys, config, f"{SAMPLE}&api_key=canary&pwd%1b[31m=canary")
    assert "canary" not in out
    assert "pwd\\x1b[31m" in out
    assert "api_key = (not documented, and not shown)" in out


def test_a_page_in_place_of_a_list_is_a_fault(
    capsys: pytest.CaptureFixture[str], config: str, tmp_path: Path
) -> None:
    page = tmp_path / "page.xml"
    page.write_text("<html><body>Log in.</body></html>")
    assert main(["index", "import", config, str(page)]) == 1
    assert "no list of calls" in capsys.readouterr().err
