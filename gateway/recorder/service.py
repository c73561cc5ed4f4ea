"""Asks the recorder with the gateway's own session, whoever asks: `credentials = "service"`.

Wraps the client that does so. A session that the recorder has forgotten is begun anew, once.
Nothing of it reaches whoever asked.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Final, final

from gateway.core.admission import Admitted
from gateway.core.errors import Code, RecorderLoginRefused
from gateway.core.replies import Document, Reply
from gateway.recorder.bulkheads import Recorder
from gateway.recorder.sessions import Read, Sessions

log = logging.getLogger(__name__)


_FORGOTTEN: Final = frozenset({Code.LOGIN_REQUIRED, Code.TOKEN_EXPIRED})
# None of the client's business: he has shown the gateway a key and a token that are good.
_OURS: Final = _FORGOTTEN | {Code.INVALID_CREDENTIALS, Code.INVALID_API_KEY}


@final
class Service:
    """Shared by all threads of a worker. `client` asks with what `sessions` hold."""

    def __init__(self, client: Recorder, sessions: Sessions, read: Read) -> None:
        self._client = client
        self._sessions = sessions
        self._read = read

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """As the recorder. Raises `RecorderLoginRefused` if it refuses the gateway's own login.

        What it refuses for its token alone, it has not done: it may be asked again, but for an
        upload, which is gone by then.
        """
        asked_at = self._sessions.now()
        reply, node = self._client.ask(admitted)
        if self._code(reply) in _FORGOTTEN:
            self._sessions.expire(node, asked_at)
            if admitted.request.upload is None:
                reply, node = self._client.ask(admitted)
        if (code := self._code(reply)) in _OURS:
            log.error("the recorder refuses the gateway's own login with the code %s", code)
            raise RecorderLoginRefused
        if isinstance(reply, Document):
            reply = _clean(reply, self._sessions.secrets(node))
        return reply, node

    def _code(self, reply: Reply) -> int | None:
        return self._read(reply).code if isinstance(reply, Document) else None


def _clean(document: Document, secrets: Mapping[str, str]) -> Document:
    """Without the session's cookies, and without what opens the recorder, should it repeat that."""
    body = document.body
    for value, name in secrets.items():
        for spelt in {value, escape(value), escape(value, quote=False)}:
            body = body.replace(spelt.encode(), name.encode())
    if body != document.body:
        log.warning("the recorder's answer held a secret of the gateway's, which was left out")
    return replace(document, body=body, cookies=())
