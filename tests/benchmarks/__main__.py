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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import requests

from gateway.simulator.server import Server
from gateway.simulator.settings import Settings, Traffic
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


BENCHMARKS = (index_answers, cooperative_yield)

if __name__ == "__main__":
    main()
