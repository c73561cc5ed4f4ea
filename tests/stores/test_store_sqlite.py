"""What only a file can promise: its mode, its plans, its faults, and its many processes."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.calls import Call
from gateway.core.errors import StoreError
from gateway.core.query import FORMS, ByNativeID, ByParty, ByPlatformCallID, Query, Status
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.stores import FeedState, statements
from gateway.stores.sqlite import SqliteStore
from tests.fakes import NODE, NOON, TOKEN, call

LAST = Query(ByParty(("8856",), (Status.LAST,)), NOON)
TERM = timedelta(seconds=4)
FED = FeedState(as_of=NOON)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.db"


@pytest.fixture
def file(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path)) as made:
        made.update([call()], FED)
        yield made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def another(script: str, path: Path, *more: str) -> subprocess.Popen[str]:
    """Another process on the same file; `store` is its store."""
    head = (
        "import sys, json\nfrom datetime import timedelta\nfrom pathlib import Path\n"
        "from gateway.stores import FeedState\nfrom gateway.stores.sqlite import SqliteStore\n"
        "from tests.fakes import NOON, call\n"
        "from tests.stores.test_store_sqlite import FED, LAST, TERM\n"
        "store = SqliteStore(Path(sys.argv[1]))\n"
    )
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", head + script, str(path), *more],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_nothing_is_made_before_the_first_use(path: Path) -> None:
    SqliteStore(path).close()
    assert not path.exists()


def test_the_file_and_what_lies_beside_it_are_for_their_owner_alone(
    file: SqliteStore, path: Path
) -> None:
    file.update([call("b")], FED)
    assert {each.name: mode(each) for each in path.parent.iterdir()} == {
        "calls.db": 0o600,
        "calls.db-wal": 0o600,
        "calls.db-shm": 0o600,
    }


def test_folders_that_are_missing_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "callgate" / "calls.db"
    with closing(SqliteStore(path)) as store:
        assert store.state() == FeedState()
    assert mode(path.parent) == 0o700


def test_an_empty_file_is_taken_for_a_new_store(path: Path) -> None:
    path.touch()
    with closing(SqliteStore(path)) as store:
        assert store.state() == FeedState()


def test_what_was_put_in_is_there_after_a_restart(file: SqliteStore, path: Path) -> None:
    file.remember(Secret(TOKEN), TokenRecord("crm", NODE, NOON))
    file.close()
    with closing(SqliteStore(path)) as again:
        assert again.snapshot(LAST).calls == (call(),)
        assert again.recall(Secret(TOKEN), "crm") is not None


def test_no_token_is_in_the_file(file: SqliteStore, path: Path) -> None:
    file.remember(Secret(TOKEN), TokenRecord("crm", NODE, NOON))
    written = b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert Secret(TOKEN).digest.encode() in written
    assert TOKEN.encode() not in written


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")


def from_the_future(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.state()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 3")


def no_database(path: Path) -> None:
    path.write_bytes(b"[server]\nbind = '127.0.0.1:8080'\n" * 100)


def a_folder(path: Path) -> None:
    path.mkdir()


def below_a_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.touch()


def cut_off(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.update([call(str(number)) for number in range(500)], FED)
    path.write_bytes(path.read_bytes()[:8192])


def overwritten(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.update([call(str(number)) for number in range(500)], FED)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))


SPOILT = [
    (foreign, "is another program's database: name a file of its own"),
    (from_the_future, "has version 3, this program reads 2: move the file away"),
    (no_database, "is broken (file is not a database): move the file away"),
    (a_folder, "cannot be used: unable to open database file"),
    (below_a_file, "cannot be made: "),
    (cut_off, "is broken (database disk image is malformed): move the file away"),
    (overwritten, "is broken (database disk image is malformed): move the file away"),
]
USES: dict[str, Callable[[SqliteStore], object]] = {
    "snapshot": lambda store: store.snapshot(LAST),
    "unfinished": lambda store: store.unfinished(),
    "update": lambda store: store.update([call()], FED),
    "recall": lambda store: store.recall(Secret(TOKEN), "crm"),
}


@pytest.mark.parametrize(("spoil", "told"), SPOILT)
@pytest.mark.parametrize("use", USES)
def test_a_file_that_cannot_be_used_is_a_store_error_that_says_what_to_do(
    tmp_path: Path, spoil: Callable[[Path], None], told: str, use: str
) -> None:
    path = tmp_path / "folder" / "calls.db"
    path.parent.mkdir()
    spoil(path)
    with closing(SqliteStore(path)) as store, pytest.raises(StoreError) as caught:
        USES[use](store)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_another_programs_database_is_left_as_it_was(path: Path) -> None:
    foreign(path)
    before = path.read_bytes()
    with pytest.raises(StoreError):
        SqliteStore(path).state()
    assert path.read_bytes() == before


def test_a_text_that_cannot_be_stored_is_a_store_error_and_is_not_shown(
    file: SqliteStore,
) -> None:
    with pytest.raises(StoreError, match="only text that is UTF-8") as caught:
        file.update([call("secret\ud800")], FED)
    assert "secret" not in str(caught.value)
    assert file.snapshot(LAST).calls == (call(),)


def test_an_update_that_fails_halfway_leaves_nothing_behind(file: SqliteStore) -> None:
    before = file.pulse().revision
    with pytest.raises(StoreError):
        file.update([call("b"), call("\ud800")], FeedState())
    assert (file.pulse().revision, file.state()) == (before, FED)
    assert file.snapshot(LAST).calls == (call(),)


def test_a_writer_that_waits_too_long_for_another_is_told_so_and_readers_never_wait(
    file: SqliteStore, path: Path
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database is locked"):
            file.update([call("b")], FED)
        assert file.snapshot(LAST).calls == (call(),)
        other.execute("COMMIT")
    file.update([call("b")], FED)


def test_whoever_cannot_get_the_lease_does_not_wait_for_the_writer(
    file: SqliteStore, path: Path
) -> None:
    assert file.lease("a", NOON, TERM)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not file.lease("b", NOON, TERM)


SHAPES = [
    Query(ByParty(numbers, statuses), NOON, manual=manual)
    for numbers in (("1",), ("+1", "1"))
    for statuses in FORMS.values()
    for manual in (False, True)
]
IDS = [Query(ByPlatformCallID("p"), NOON), Query(ByNativeID("n"), NOON)]


@pytest.mark.parametrize("query", [*SHAPES, *IDS], ids=str)
def test_every_query_goes_by_an_index(file: SqliteStore, path: Path, query: Query) -> None:
    file.close()
    statement, values = statements.concerning(query)
    assert scans(path, statement, values) == []


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (statements.CHANGES, (1,)),
        (statements.FORGET, (1,)),
        (statements.KNOWN, (b"k",)),
        (statements.WITHIN, (1, 2, 1)),
        (statements.REMOVE, (b"k",)),
        (statements.OVERRULED, (1,)),
        (statements.FORGET_OVERRULED, (1,)),
        (statements.RECALL, ("d", "a")),
        (statements.FORGET_TOKENS, (1,)),
    ],
)
def test_every_other_statement_goes_by_an_index(
    file: SqliteStore, path: Path, statement: str, values: tuple[object, ...]
) -> None:
    file.close()
    assert scans(path, statement, values) == []


def test_the_unfinished_calls_are_listed_by_an_index_of_their_own(
    file: SqliteStore, path: Path
) -> None:
    file.close()
    assert plan(path, statements.UNFINISHED, ()) == ["SCAN calls USING INDEX calls_unfinished"]


def plan(path: Path, statement: str, values: object) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[arg-type]
        return [row[3] for row in rows]


def scans(path: Path, statement: str, values: object) -> list[str]:
    """The steps that read a whole table of calls or tokens."""
    steps = plan(path, statement, values)
    assert any("SEARCH" in step for step in steps)
    return [
        step for step in steps if step.startswith(("SCAN calls", "SCAN tokens", "SCAN overruled"))
    ]


def test_a_child_opens_connections_of_its_own_and_the_parents_go_on(
    file: SqliteStore, path: Path
) -> None:
    child = os.fork()
    if child == 0:  # nothing may escape from here: the rest of the suite is the parent's
        try:
            file.update([call("child")], FED)
            found = {each.id for each in file.snapshot(LAST).calls}
            file.close()
            os._exit(0 if found == {call().id, "child"} else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    file.update([call("parent")], FED)
    assert {each.id for each in file.snapshot(LAST).calls} == {call().id, "child", "parent"}
    assert (path.parent / "calls.db-wal").exists()


def test_many_threads_that_meet_a_fork_or_a_new_file_get_their_answers(path: Path) -> None:
    store, wrong = SqliteStore(path), list[object]()
    start = threading.Barrier(16)

    def use(number: int) -> None:
        start.wait()
        try:
            store.update([call(str(number))], FED)
            store.snapshot(LAST)
        except StoreError as error:  # pragma: no cover - what must not happen
            wrong.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []
    assert len(store.snapshot(LAST).calls) == 16
    store.close()


def test_processes_that_make_the_same_file_at_once_make_one_store(path: Path) -> None:
    script = (
        "print('ready', flush=True)\nsys.stdin.readline()\n"
        "for number in range(20):\n"
        "    store = SqliteStore(Path(sys.argv[1]).with_name(f'{number}.db'))\n"
        "    store.update([call(sys.argv[2])], FED)\n"
        "    store.close()\n"
        "print('done')\n"
    )
    processes = [another(script, path, str(number)) for number in range(4)]
    told = [told_when_released(processes)]
    assert told == [["done"] * 4]
    for number in range(20):
        with closing(SqliteStore(path.with_name(f"{number}.db"))) as store:
            assert {each.id for each in store.snapshot(LAST).calls} == {"0", "1", "2", "3"}


def test_of_several_processes_on_one_file_one_gets_the_lease(path: Path) -> None:
    script = (
        "print('ready', flush=True)\nsys.stdin.readline()\n"
        "print(store.lease(sys.argv[2], NOON, TERM))\n"
    )
    processes = [another(script, path, str(number)) for number in range(3)]
    assert sorted(told_when_released(processes)) == ["False", "False", "True"]


def told_when_released(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Let all of them go at once when all are ready; their last words."""
    for each in processes:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    return [each.communicate("go\n", timeout=30)[0].strip() for each in processes]


def test_processes_read_whole_updates_while_another_writes(path: Path) -> None:
    script = (
        "print('ready', flush=True)\nsys.stdin.readline()\n"
        "seen, torn = set(), 0\n"
        "while NOON + timedelta(seconds=150) not in seen:\n"
        "    snapshot = store.snapshot(LAST)\n"
        "    seen.add(snapshot.as_of)\n"
        "    torn += [each.ended_at for each in snapshot.calls] != [snapshot.as_of]\n"
        "print(torn)\n"
    )
    with closing(SqliteStore(path)) as store:
        store.update([call(ended=0)], FeedState(as_of=NOON))
        readers = [another(script, path) for _ in range(2)]
        for each in readers:
            assert each.stdin is not None
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
            each.stdin.write("go\n")
            each.stdin.flush()
        for second in range(151):
            moment = NOON + timedelta(seconds=second)
            store.update([moved(second)], FeedState(as_of=moment))
        assert [each.communicate(timeout=30)[0].strip() for each in readers] == ["0", "0"]


def moved(second: int) -> Call:
    return call(ended=second)


def test_a_pulse_costs_sqlite_none_of_its_locks(file: SqliteStore, path: Path) -> None:
    """Closing a descriptor of a file drops all locks of the process on it (POSIX)."""

    def locks() -> int:
        inode = f":{path.with_name('calls.db-shm').stat().st_ino} "
        return sum(inode in line for line in Path("/proc/locks").read_text("ascii").splitlines())

    with file._file.writing() as connection:
        connection.execute("UPDATE state SET revision = revision")
        before = locks()
        for _ in range(2):
            file.pulse()
            file._pulse.close()
        assert locks() >= before
        assert before


def test_a_store_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "data" / "calls.db")
    with closing(SqliteStore(tmp_path / "link.db")) as store:
        store.update([call()], FED)
        assert store.pulse().as_of == NOON


def test_a_call_that_began_before_the_question_was_there_whatever_the_clocks_say(
    file: SqliteStore,
) -> None:
    ahead = FeedState(as_of=NOON, complete=True, recorder_ahead=timedelta(seconds=90))
    file.update([call("there", started=89, ended=None)], ahead)
    query = Query(ByParty(("8856",), (Status.NEXT,)), NOON)
    looked = query.after_looking(file.snapshot(query))
    assert "there" in (looked.present or ())
