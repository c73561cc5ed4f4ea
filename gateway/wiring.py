"""From a configuration to a gateway. The only module that knows all the others.

Here, and nowhere else, the wall clock is read: everybody else is told the time.
"""

import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import assert_never

from gateway.config import Config, MemoryStore, RedisStore, SqliteStore, load
from gateway.config import Index as IndexSettings
from gateway.cooperation import offload
from gateway.core.applications import Applications
from gateway.core.errors import StoreError
from gateway.core.replies import Dialect, Document, Outcome
from gateway.core.secrets import Secret
from gateway.core.selection import Terms
from gateway.feed.account import Account, Credentials
from gateway.feed.feeder import Feeder, Lease
from gateway.feed.poll import Poll
from gateway.feed.verify import Verifier
from gateway.forwarding import Forwarding
from gateway.index import Index
from gateway.issuing import Issuer, Users
from gateway.pipeline import Gateway
from gateway.plant import Plant
from gateway.recorder.bulkheads import Bulkheads, Recorder
from gateway.recorder.client import Client
from gateway.recorder.coalescing import Coalescing
from gateway.recorder.nodes import Nodes
from gateway.recorder.probing import Prober
from gateway.recorder.service import Service
from gateway.recorder.sessions import Login, Sessions
from gateway.recorder.transport import Settings, Transport
from gateway.rendering import Renderer, faults_of
from gateway.rendering.documents import read, studied
from gateway.stores import TokenStore, memory, sqlite
from gateway.stores.watch import Watch


def clock() -> datetime:
    """The one clock of the gateway: now, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the wiring is where time comes from


def build(config: Config | Path | str) -> Plant:
    """Put everything together. Raises `ConfigurationFaults`; opens and starts nothing."""
    if not isinstance(config, Config):
        config = load(Path(config), faults_of)
    store = _store(config)
    transport = _transport(config)
    nodes = Nodes.of(config.recorder.nodes)
    Prober(transport, nodes)
    login = _login(config, transport)
    client = Client(transport, nodes, login=login)
    recorder = Service(client, login, _read) if login else client
    bulkheads = Bulkheads(recorder, config.recorder.most_requests, config.server.workers)
    index = Index(store, Watch(store), clock, _terms(config.index))
    account = partial(_account, config, transport, nodes)
    verifier = _verifier(config, index, store, account)
    gateway = Gateway(
        applications=Applications(config.applications, issued_here=_in_service(config)),
        tokens=store,
        index=index,
        forwarding=Forwarding(
            _asking(config, bulkheads, store),
            store,
            index,
            learns=not _in_service(config),
            offload=offload,
        ),
        renderer=Renderer(config.replies.http_status, config.replies.templates, offload),
        dialect=Dialect(config.replies.error_codes),
        verify=verifier.consider if verifier else lambda _: None,
    )
    feeder = _feeder(config, store, account())
    return Plant(config, gateway, store, transport, bulkheads, client, feeder, verifier)


def _transport(config: Config) -> Transport:
    recorder = config.recorder
    settings = Settings(
        recorder.connect_timeout, recorder.timeout, recorder.verify_tls, recorder.method
    )
    return Transport(settings)


def _in_service(config: Config) -> bool:
    """Whether the recorder sees the gateway's own login, whoever asks."""
    return config.recorder.credentials == "service"


def _login(config: Config, transport: Transport) -> Sessions | None:
    """Whose login the recorder sees; `None`: each client's own."""
    recorder = config.recorder
    if not _in_service(config):
        return None
    login = Login(recorder.api_key, recorder.user_name, recorder.password)
    return Sessions(transport, login, _read)


def _read(document: Document) -> Outcome:
    """What a document says, read where that holds nobody up."""
    return read(studied(document, offload))


def _asking(config: Config, bulkheads: Bulkheads, tokens: TokenStore) -> Recorder:
    """What the journey asks: once for many, and for tokens of whoever gives them."""
    shared = Coalescing(bulkheads)
    if not _in_service(config):
        return shared
    users = Users({user.name: user.password for user in config.users}, offload)
    return Issuer(shared, tokens, users)


def _verifier(
    config: Config,
    index: Index,
    store: memory.MemoryStore | sqlite.SqliteStore,
    account: Callable[[], Account],
) -> Verifier | None:
    if not config.index.verify:
        return None
    return Verifier(
        index=index,
        tallies=store,
        recorder=account(),
        share=config.index.verify,
        workers=config.server.workers,
        recheck_after=max(3.0, 2 * config.index.poll_every),
    )


def _terms(index: IndexSettings) -> Terms:
    of_no = index.max_age_of_no
    return Terms(
        max_age=timedelta(seconds=index.max_age),
        max_age_of_no=None if of_no is None else timedelta(seconds=of_no),
        stuck_after=timedelta(seconds=index.stuck_after),
    )


def _store(config: Config) -> memory.MemoryStore | sqlite.SqliteStore:
    match config.index.store:
        case MemoryStore():
            return memory.MemoryStore()
        case SqliteStore(path):
            return sqlite.SqliteStore(path)
        case RedisStore():  # pragma: no cover - the configuration says so with its line
            message = "the Redis store is not available in this version"
            raise StoreError(message)
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(config.index.store)


def _feeder(
    config: Config, store: memory.MemoryStore | sqlite.SqliteStore, account: Account
) -> Feeder:
    lease = Lease(store, f"{os.uname().nodename}/{secrets.token_hex(8)}", clock)
    poll = Poll(
        store=store,
        account=account,
        zone=config.recorder.time_zone,
        keep=timedelta(seconds=config.index.keep),
        clock=clock,
        hold=lease.hold,
    )
    return Feeder(poll, lease, config.index.poll_every)


def _account(config: Config, transport: Transport, nodes: Nodes) -> Account:
    recorder = config.recorder
    user = Secret(recorder.user_name) if recorder.user_name else None
    return Account(
        transport=transport,
        nodes=recorder.nodes,
        credentials=Credentials(recorder.api_key, user, recorder.password),
        clock=clock,
        offload=offload,
        health=nodes,
    )
