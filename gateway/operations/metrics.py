"""Prometheus's text of the figures, which come from the store, and so agree across workers.

But for those of the recorder's nodes and of parked requests: each worker has its own.
"""

from collections.abc import Iterator
from typing import Final, final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from gateway.operations.figures import Figures, Here
from gateway.recorder.client import Standing
from gateway.recorder.nodes import Breaker

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Family = GaugeMetricFamily | CounterMetricFamily


def exposition(figures: Figures) -> bytes:
    """The whole page."""
    registry = CollectorRegistry()
    registry.register(_Once(figures))
    return generate_latest(registry)


@final
class _Once(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Family]:
        """Every family of this moment."""
        figures = self._figures
        gauges = (
            ("age_seconds", "How old the index is", _seconds(figures)),
            ("complete", "Whether the recorder holds nothing older", float(figures.complete)),
            ("calls", "Calls in the index, about", float(figures.calls)),
            ("ongoing_calls", "Calls that are ongoing", float(figures.ongoing)),
            ("provisional_calls", "Calls whose end is inferred", float(figures.provisional)),
            ("stuck_calls", "Calls that are ongoing for too long", float(len(figures.stuck))),
            (
                "contradicted_calls",
                "Calls that the recorder lists as ongoing, and has records of as ended",
                float(figures.contradicted),
            ),
            (
                "recorder_ahead_seconds",
                "The recorder's clock minus ours",
                figures.recorder_ahead.total_seconds(),
            ),
            ("parked_requests", "Requests that wait in this worker", float(figures.here.parked)),
        )
        for name, words, value in gauges:
            yield GaugeMetricFamily(f"callgate_index_{name}", words, value=value)
        yield from _checks(figures)
        yield from _lanes(figures.here)
        yield from _recorder(figures.here.recorder)


def _lanes(here: Here) -> Iterator[Family]:
    name, labels = "callgate_recorder_requests", ["lane"]
    size = GaugeMetricFamily(f"{name}_most", "Requests that may be there at once", labels=labels)
    used = GaugeMetricFamily(name, "Requests of this worker at the recorder", labels=labels)
    refused = CounterMetricFamily(
        f"{name}_refused", "Requests refused because their lane was full", labels=labels
    )
    for lane, occupancy in here.lanes.items():
        size.add_metric([lane], occupancy.size)
        used.add_metric([lane], occupancy.used)
        refused.add_metric([lane], occupancy.refused)
    yield from (size, used, refused)


def _checks(figures: Figures) -> Iterator[Family]:
    checks = CounterMetricFamily(
        "callgate_index_checks", "Answers that the recorder was asked for as well", labels=["form"]
    )
    wrong = CounterMetricFamily(
        "callgate_index_disagreements",
        "Answers that it contradicted, after a recheck",
        labels=["form", "kind"],
    )
    silent = GaugeMetricFamily(
        "callgate_index_silent", "Whether the index is silent on a form", labels=["form"]
    )
    for form, tally in sorted(figures.tallies.items()):
        checks.add_metric([form], tally.checked)
        silent.add_metric([form], float(tally.silent))
        for kind, count in tally.wrong.items():
            wrong.add_metric([form, kind], count)
    yield from (checks, wrong, silent)


def _recorder(standing: Standing) -> Iterator[Family]:
    """Each worker has its own view of the nodes, and the one that is asked tells it."""
    up = GaugeMetricFamily(
        "callgate_recorder_node_up", "Whether this worker asks the node", labels=["node"]
    )
    ejections = CounterMetricFamily(
        "callgate_recorder_ejections", "How often this worker stopped asking it", labels=["node"]
    )
    for node in standing.nodes:
        up.add_metric([node.label], float(node.breaker is Breaker.CLOSED))
        ejections.add_metric([node.label], node.ejections)
    yield from (up, ejections)
    yield CounterMetricFamily(
        "callgate_recorder_retries", "Requests that were sent once more", standing.retries
    )
    yield CounterMetricFamily(
        "callgate_recorder_retries_refused",
        "Requests that the retry budget did not allow to be sent once more",
        standing.retries_refused,
    )


def _seconds(figures: Figures) -> float:
    return float("inf") if figures.age is None else figures.age.total_seconds()
