from dataclasses import FrozenInstanceError, replace
from ipaddress import ip_address, ip_network
from typing import Final

import pytest

from gateway.core.admission import admit
from gateway.core.applications import Application, Applications
from gateway.core.errors import Refusal
from gateway.core.parameters import Pair, parse
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from tests.core.asking import CRM, EXPIRED, OPEN, PROVEN, REFUSED, admission, asked_for, request_of
from tests.fakes import KEY, NODE, NOON, TOKEN, application

LAN: Final = (ip_network("10.0.0.0/8"),)
NARROW: Final = application(networks=LAN, actions=frozenset({"GetCallID"}))
ASK: Final = ("action", "GetCallID")
OTHER: Final = ("action", "DeleteCall")
LOGIN: Final = ("action", "RequestToken")
GOOD_KEY: Final = ("apiKey", KEY)
BAD_KEY: Final = ("apiKey", "no-such-key")
GOOD_TOKEN: Final = ("token", TOKEN)
FAULT: Final = ("status", "\x00")
HERE: Final = ip_address("10.1.2.3")
ELSEWHERE: Final = ip_address("192.0.2.1")


def refusal(
    *asked: Pair, app: Application = CRM, record: TokenRecord | None = None, address: str = ""
) -> Refusal:
    with pytest.raises(Refusal) as raised:
        admission(*asked, app=app, record=record, address=ip_address(address) if address else None)
    return raised.value


@pytest.mark.parametrize(
    ("asked", "record", "code", "says"),
    [
        pytest.param([ASK], None, -41, "apiKey is missing", id="no-key"),
        pytest.param([ASK, ("apiKey", " ")], None, -41, "apiKey is missing", id="empty-key"),
        pytest.param([ASK, BAD_KEY, GOOD_TOKEN], PROVEN, -41, "not known", id="unknown-key"),
        pytest.param([ASK, GOOD_KEY], None, -42, "token is missing", id="no-token"),
        pytest.param([ASK, GOOD_KEY, ("token", "")], None, -42, "token is", id="empty-token"),
        pytest.param([ASK, GOOD_KEY, GOOD_TOKEN], REFUSED, -43, "has expired", id="expired"),
        pytest.param([ASK, GOOD_KEY, GOOD_TOKEN, FAULT], PROVEN, -20, "control", id="fault"),
    ],
)
def test_a_refusal_has_the_recorders_code_and_http_200(
    asked: list[Pair], record: TokenRecord | None, code: int, says: str
) -> None:
    refused = refusal(*asked, record=record)
    assert (refused.code, refused.status) == (code, 200)
    assert says in refused.message
    assert KEY not in refused.message
    assert TOKEN not in refused.message


def test_a_network_that_the_application_does_not_list_is_refused_as_its_key() -> None:
    assert refusal(ASK, GOOD_KEY, app=NARROW, address="192.0.2.1").code == -41
    assert refusal(ASK, GOOD_KEY, app=NARROW).code == -41  # a UNIX socket's peer


def test_an_action_that_the_application_does_not_list_is_refused() -> None:
    assert refusal(OTHER, GOOD_KEY, GOOD_TOKEN, app=NARROW, address="10.1.2.3").code == -30
    assert refusal(LOGIN, GOOD_KEY, app=NARROW, address="10.1.2.3").code == -30


@pytest.mark.parametrize(
    ("asked", "address", "code"),
    [
        pytest.param([OTHER, BAD_KEY, FAULT], ELSEWHERE, -20, id="faults-come-first"),
        pytest.param([OTHER, BAD_KEY], ELSEWHERE, -41, id="then-the-key"),
        pytest.param([OTHER, GOOD_KEY], ELSEWHERE, -41, id="then-the-network"),
        pytest.param([OTHER, GOOD_KEY], HERE, -30, id="then-the-action"),
        pytest.param([ASK, GOOD_KEY], HERE, -42, id="then-the-token"),
        pytest.param([ASK, GOOD_KEY, GOOD_TOKEN], HERE, -43, id="then-its-age"),
    ],
)
def test_refusals_have_an_order(asked: list[Pair], address: object, code: int) -> None:
    assert refusal(*asked, app=NARROW, record=REFUSED, address=str(address)).code == code


def test_the_first_fault_is_the_one_that_is_told() -> None:
    asked = [ASK, ("extension", "1\x00"), ("status", "\x00")]
    assert refusal(*asked).message == parse(asked).faults[0]


@pytest.mark.parametrize(
    ("record", "proven", "node"),
    [
        pytest.param(PROVEN, True, NODE, id="proven"),
        pytest.param(None, False, None, id="never-seen"),
        pytest.param(EXPIRED, False, NODE, id="expired-but-not-refused"),
    ],
)
def test_the_recorder_judges_a_token_that_is_not_proven(
    record: TokenRecord | None, proven: bool, node: str | None
) -> None:
    admitted = asked_for(record=record)
    assert (admitted.proven, admitted.node) == (proven, node)


@pytest.mark.parametrize("record", [None, PROVEN, EXPIRED, REFUSED])
@pytest.mark.parametrize("token", [None, "any"])
def test_an_application_that_needs_no_token_is_proven_by_its_key(
    record: TokenRecord | None, token: str | None
) -> None:
    admitted = asked_for(app=OPEN, record=record, token=token)
    assert admitted.proven
    assert admitted.node == (record.node if record and token else None)


def test_whoever_asks_for_a_token_needs_none() -> None:
    assert asked_for("RequestToken", token=None).proven
    assert asked_for("RequestToken", record=REFUSED).proven


def test_an_action_of_another_case_is_none_that_needs_no_token() -> None:
    assert refusal(("action", "requesttoken"), GOOD_KEY).code == -42


def test_the_unknown_and_the_missing_are_passed_on() -> None:
    assert admission(GOOD_KEY, GOOD_TOKEN).parameters.action.name == ""
    assert asked_for("Unheard").parameters.action.name == "Unheard"


def test_a_listed_network_is_let_in() -> None:
    assert admission(ASK, GOOD_KEY, GOOD_TOKEN, app=NARROW, address=HERE).application is NARROW


def test_a_token_is_recalled_for_its_application_alone_and_once() -> None:
    recalled: list[tuple[Secret, str]] = []

    def recall(token: Secret, name: str) -> None:
        recalled.append((token, name))

    asked = (ASK, GOOD_KEY, GOOD_TOKEN)
    admit(parse(asked), request_of(asked), Applications([CRM]), recall)
    admit(parse(asked[:2]), request_of(asked[:2]), Applications([OPEN]), recall)
    assert recalled == [(Secret(TOKEN), "crm")]


def test_an_admitted_request_knows_who_asks_for_what_and_since_when() -> None:
    asked = (ASK, GOOD_KEY, GOOD_TOKEN)
    request, parameters = request_of(asked), parse(asked)
    admitted = admit(parameters, request, Applications([CRM]), lambda _token, _name: PROVEN)
    assert admitted.request is request
    assert admitted.parameters is parameters
    assert admitted.application is CRM
    assert admitted.received_at == NOON


def test_an_admission_is_frozen_and_shows_no_secret() -> None:
    admitted = asked_for()
    with pytest.raises(FrozenInstanceError):
        admitted.proven = False  # type: ignore[misc]
    assert KEY not in repr(admitted)
    assert "demo-token" not in repr(admitted)
    assert KEY in repr(admitted.request.pairs)


def test_proof_is_weighed_at_the_time_of_the_request() -> None:
    asked = (ASK, GOOD_KEY, GOOD_TOKEN)
    known = replace(PROVEN, expires_at=NOON)
    for later, proven in ((-0.001, True), (0.0, False)):
        request = request_of(asked, later=later)
        admitted = admit(parse(asked), request, Applications([CRM]), lambda _token, _name: known)
        assert admitted.proven is proven


@pytest.mark.parametrize("record", [None, EXPIRED, REFUSED], ids=["unknown", "old", "refused"])
def test_where_tokens_are_issued_here_an_unproven_one_is_nobodys(
    record: TokenRecord | None,
) -> None:
    asked = (ASK, GOOD_KEY, GOOD_TOKEN)
    applications = Applications([CRM], issued_here=True)
    with pytest.raises(Refusal) as refused:
        admit(parse(asked), request_of(asked), applications, lambda _token, _name: record)
    assert refused.value.code == -43
    admitted = admit(parse(asked), request_of(asked), applications, lambda *_: PROVEN)
    assert admitted.proven
