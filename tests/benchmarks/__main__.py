"""`make bench`: ratios of one run, printed, and written to `build/bench/*.json`.

The machine is noisy, so whatever is compared takes turns within one run, and the medians of the
turns are compared; a single time is never quoted.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median

import requests

from gateway.core.calls import Call
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.simulator.server import Server
from gateway.simulator.settings import Settings, Traffic
from gateway.stores import FeedState
from gateway.stores.sqlite import SqliteStore
from gateway.wiring import clock
from tests.benchmarks import dressing, large, media, waiting
from tests.benchmarks.load import Load, run
from tests.end_to_end.conftest import Hosted, eventually, free_port
from tests.fakes import KEY, TOKEN

ROUNDS = 5
OUT = Path("build/bench")
SAMPLE = f"/verba/api?action=GetCallID&apiKey={KEY}&token={TOKEN}&extension=8856&status=last"
DRESSES = ("XML", "TEXT", "HTML", "JSON")


@contextmanager
def bare(answer: requests.Response, *, yields: bool = True) -> Iterator[int]:
    """The yardstick, which gives that answer, under the same gunicorn; its port."""
    port = free_port()
    headers = [pair for pair in answer.headers.items() if pair[0] not in OF_GUNICORN]
    told = {"headers": headers, "body": answer.text, "yields": yields}
    command = [sys.executable, "-m", "gunicorn", *AS_SHIPPED, *QUIET]
    command += ["--bind", f"127.0.0.1:{port}", "tests.benchmarks.bare:app"]
    environment = {**os.environ, "BARE_ANSWER": json.dumps(told)}
    process = subprocess.Popen(command, env=environment)
    try:
        eventually(lambda: _answers(port))
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@contextmanager
def gateway(recorder: Server) -> Iterator[Hosted]:
    """The gateway with one worker, its index fed and the sample's token proven."""
    with tempfile.TemporaryDirectory() as folder:
        hosted = Hosted(Path(folder), recorder.url, "gevent", options=QUIET).start()
        try:
            eventually(lambda: "hit" in hosted.ask().headers["Cache-Status"])
            yield hosted
        finally:
            hosted.stop()


QUIET = ("--workers", "1", "--log-level", "error", "--access-logfile", "/dev/null")
ACCESS_LOG = "%(h)s %(m)s %(U)s %(s)s %(B)s %(M)sms id=%({x-request-id}o)s"
# What of the shipped settings costs or saves time.
AS_SHIPPED = [
    *("--worker-class", "gevent", "--http-parser", "python", "--no-control-socket"),
    *("--worker-connections", "12000", "--limit-request-line", "8190", "--keep-alive", "5"),
    *("--logger-class", "gateway.operations.hosting.QuietLogger"),
    *("--forwarded-allow-ips", "", "--access-logformat", ACCESS_LOG),
]
OF_GUNICORN = {"Server", "Date", "Connection"}


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=1).ok
    except requests.ConnectionError:
        return False


def _turns(ports: dict[str, tuple[int, str]]) -> dict[str, list[Load]]:
    """Let each have its turn, round after round."""
    loads: dict[str, list[Load]] = {name: [] for name in ports}
    for _ in range(ROUNDS):
        for name, (port, target) in ports.items():
            loads[name].append(run(port, target))
    return loads


def _ratio(ours: list[Load], theirs: list[Load], what: str) -> float:
    pairs = zip(ours, theirs, strict=True)
    return float(median(getattr(a, what) / getattr(b, what) for a, b in pairs))


def index_answers(recorder: Server) -> dict[str, float]:
    """GetCallID from the index against a bare application that returns as many bytes."""
    figures = {}
    with gateway(recorder) as hosted:
        for dress in DRESSES:
            target = f"{SAMPLE}&responseType={dress}"
            with bare(hosted.ask(responseType=dress)) as yardstick:
                loads = _turns({"ours": (hosted.port, target), "bare": (yardstick, target)})
            for what in ("per_second", "p99"):
                figures[f"{dress} {what}"] = _ratio(loads["ours"], loads["bare"], what)
    return figures


@contextmanager
def churning(rate: float) -> Iterator[Hosted]:
    """The gateway before a recorder in which so many calls begin, and as many end, a second."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.churn", str(port), str(rate)]
    process = subprocess.Popen(command)
    try:
        with tempfile.TemporaryDirectory() as folder:
            url = f"http://127.0.0.1:{port}/verba/api"
            hosted = Hosted(Path(folder), url, "gevent", options=QUIET).start()
            try:
                eventually(lambda: "hit" in hosted.ask().headers["Cache-Status"])
                yield hosted
            finally:
                hosted.stop()
    finally:
        process.kill()
        process.wait(20)


def feed_in_the_tail(_recorder: Server) -> dict[str, float]:
    """The slowest hundredth while the feed brings 1,000 changed calls a second, against none."""
    with churning(500) as busy, churning(0) as idle:
        target = f"{SAMPLE}&responseType=XML"
        loads = _turns({"busy": (busy.port, target), "idle": (idle.port, target)})
    return {
        "busy against idle, p99": _ratio(loads["busy"], loads["idle"], "p99"),
        "busy against idle, p50": _ratio(loads["busy"], loads["idle"], "p50"),
        "busy against idle, per_second": _ratio(loads["busy"], loads["idle"], "per_second"),
    }


def ten_thousand_wait(recorder: Server) -> dict[str, float]:
    """Ten thousand requests that wait for their next call in one worker, and all calls at once."""
    with gateway(recorder) as hosted:
        return waiting.ten_thousand(hosted)


def a_thousand_extensions(_recorder: Server) -> dict[str, float]:
    """What 1,000 extensions that are polled for a minute cost the recorder, idle and busy mixed."""
    traffic = Traffic(calls_per_minute=300, history_calls=500)
    with Server(Settings(port=0, traffic=traffic)) as recorder, gateway(recorder) as hosted:
        _, idle = _costs(recorder, lambda: time.sleep(20), 20)
        asked: list[int] = []
        base = SAMPLE[: SAMPLE.index("&extension")]

        def poll(first: int) -> None:
            with requests.Session() as session:
                begun = time.perf_counter()
                while time.perf_counter() < begun + 60:
                    extension = str(8000 + (first * 250 + len(asked) * 7) % 1000)
                    status = ("last", "ongoing", "last,ongoing")[len(asked) % 3]
                    query = f"{base}&extension={extension}&status={status}"
                    session.get(f"{hosted.origin}{query}", timeout=10)
                    asked.append(1)

        def poll_all() -> None:
            with ThreadPoolExecutor(4) as pool:
                for job in [pool.submit(poll, first) for first in range(4)]:
                    job.result()

        forwarded, busy = _costs(recorder, poll_all, 60)
    return {
        "GetCallID asked": len(asked),
        "of them the recorder's": forwarded,
        "SearchCalls a second, busy against idle": busy / idle,
    }


def _costs(recorder: Server, work: Callable[[], object], seconds: float) -> tuple[int, float]:
    """The GetCallID that reach the recorder meanwhile, and the SearchCalls a second."""
    before = recorder.simulator.journal.counts()
    work()
    after = recorder.simulator.journal.counts()
    searches = (after["SearchCalls"] - before["SearchCalls"]) / seconds
    return after.get("GetCallID", 0) - before.get("GetCallID", 0), searches


def from_start_to_answer(recorder: Server) -> dict[str, float]:
    """Seconds from the start to the first index answer with 1,000,000 calls in the store."""
    spent = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as name:
            hosted = Hosted(Path(name), recorder.url, "gevent", options=QUIET)
            path = hosted.folder / "demo.db"
            large.fill(path, 1_000_000)
            with closing(SqliteStore(path)) as store:
                # As after a restart: the feed has just stopped, and the token was proven.
                state = FeedState(as_of=clock(), complete=True)
                ours = Call("a", "8856", "1", clock() - timedelta(60), clock() - timedelta(59))
                store.update([ours], state)
                hour = clock() + timedelta(hours=1)
                store.remember(Secret(TOKEN), TokenRecord("demo", recorder.url, hour))
            begun = time.perf_counter()
            hosted.launch()
            eventually(lambda each=hosted: _is_hit(each))  # type: ignore[misc]
            spent.append(time.perf_counter() - begun)
            hosted.stop()
    return {"seconds, median of three": median(spent)}


def _is_hit(hosted: Hosted) -> bool:
    try:
        return "hit" in hosted.ask().headers["Cache-Status"]
    except requests.ConnectionError:
        return False


def ten_million_calls(_recorder: Server) -> dict[str, float]:
    """A look-up among 10,000,000 calls against one among 100,000, and the bytes of a call."""
    return large.ten_millions()


def loading(_recorder: Server) -> dict[str, float]:
    """Calls a second from SearchCalls XML into a file, while look-ups go on."""
    return large.loading()


def media_passed_on(_recorder: Server) -> dict[str, float]:
    """A recording through the gateway against nginx's `proxy_pass`."""
    return media.through_the_gateway()


def long_list(_recorder: Server) -> dict[str, float]:
    """20,000 calls dressed: our time against xsltproc's, and how long others wait meanwhile."""
    return dressing.against_xsltproc() | dressing.others_wait()


def cooperative_yield(recorder: Server) -> dict[str, float]:
    """What one yield a request does to a gevent worker with sixteen busy connections."""
    with gateway(recorder) as hosted:
        answer = hosted.ask()
    with bare(answer) as polite, bare(answer, yields=False) as rude:
        loads = _turns({"polite": (polite, "/"), "rude": (rude, "/")})
    return {
        "with against without, per_second": _ratio(loads["polite"], loads["rude"], "per_second"),
        "with against without, p99": _ratio(loads["polite"], loads["rude"], "p99"),
    }


def main() -> None:
    """Run every benchmark, or those whose names are given."""
    OUT.mkdir(parents=True, exist_ok=True)
    chosen = sys.argv[1:] or [each.__name__ for each in BENCHMARKS]
    traffic = Traffic(calls_per_minute=0, history_calls=50)
    with Server(Settings(port=0, traffic=traffic)) as recorder:
        for benchmark in BENCHMARKS:
            if benchmark.__name__ in chosen:
                started = time.perf_counter()
                figures = benchmark(recorder)
                spent = time.perf_counter() - started
                print(f"{benchmark.__name__}: {(benchmark.__doc__ or '').splitlines()[0]}")
                for name, figure in figures.items():
                    print(f"  {name:<40} {figure:8.2f}")
                result = {"ratios": figures, "rounds": ROUNDS, "seconds": round(spent, 1)}
                (OUT / f"{benchmark.__name__}.json").write_text(json.dumps(result, indent=2) + "\n")


BENCHMARKS = (
    index_answers,
    feed_in_the_tail,
    ten_thousand_wait,
    a_thousand_extensions,
    from_start_to_answer,
    ten_million_calls,
    loading,
    media_passed_on,
    long_list,
    cooperative_yield,
)

if __name__ == "__main__":
    main()
