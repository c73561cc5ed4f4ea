"""The commands that look into the index or fill it: `explain`, `index stats`, `index import`.

Each works beside a gateway that runs, on the same store. Prints; knows nothing of arguments.
"""

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from tqdm import tqdm

from gateway.config import Config
from gateway.config.tree import SqliteStore as Sqlite
from gateway.core.errors import RecorderError, StoreError
from gateway.explain import explain, plain
from gateway.feed.imports import Import, Report
from gateway.stores.sqlite import SqliteStore
from gateway.wiring import build, clock


def run_explain(config: Config, url: str, address: str) -> int:
    """Print what would happen to a request; the exit status."""
    plant = build(config)
    try:
        lines = tuple(explain(plant.gateway, url, address))
    except StoreError as error:
        return _fail(error)
    finally:
        plant.store.close()
    for what, words in lines:
        print(f"{what:<12} {plain(words)}")
    return 0


def run_stats(config: Config) -> int:
    """Print the figures of the index; the exit status."""
    plant = build(config)
    try:
        figures = plant.figures()
    except StoreError as error:
        return _fail(error)
    finally:
        plant.store.close()
    age = "never fed" if figures.age is None else f"{figures.age.total_seconds():.1f} s"
    lines = (
        ("age", age),
        ("calls", f"about {figures.calls:,}"),
        ("ongoing", f"{figures.ongoing:,}"),
        ("provisional", f"{figures.provisional:,} whose end is inferred"),
        ("stuck", f"{len(figures.stuck):,}, {figures.contradicted:,} recorded as ended"),
        ("complete", "yes" if figures.complete else "no: the recorder holds older calls"),
        ("clocks", f"the recorder's is {figures.recorder_ahead.total_seconds():+.3f} s ahead"),
    )
    for what, words in lines:
        print(f"{what:<12} {words}")
    for form, tally in sorted(figures.tallies.items()):
        wrong = sum(tally.wrong.values())
        silent = ", silent" if tally.silent else ""
        print(f"{'checks':<12} {form}: {tally.checked:,}, contradicted {wrong:,}{silent}")
    return 0


def run_import(config: Config, files: Sequence[Path]) -> int:
    """Load files into the index, with a bar; the exit status."""
    if not isinstance(config.index.store, Sqlite):
        return _fail('"memory:" is no store to import into: it is gone with this command')
    store, now, report = SqliteStore(config.index.store.path, loading=True), clock(), Report()
    oldest = now - timedelta(seconds=config.index.keep)
    job = Import(store, config.recorder.time_zone, now, oldest)
    try:
        for path in files:
            with (
                path.open("rb") as file,
                tqdm.wrapattr(
                    file, "read", total=path.stat().st_size, desc=path.name, disable=None
                ) as watched,
            ):
                job.load(watched, report)
    except OSError as error:
        return _fail(f"{path}: {error.strerror}")
    except RecorderError as error:
        return _fail(f"{path}: {error} {report}.")
    except StoreError as error:
        return _fail(error)
    finally:
        store.close()
    print(f"{report}.")
    return 0


def _fail(error: object) -> int:
    print(error, file=sys.stderr)
    return 1
