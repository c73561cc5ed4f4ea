import pytest

from gateway.core.actions import ACTIONS, CALL_ID_SPELLINGS, COMMON, Action, Kind, action_called

READ = frozenset(
    {
        "GetCallID",
        "GetCallURL",
        "GetCallInformation",
        "SearchCalls",
        "GetMarkers",
        "GetVoiceQuality",
    }
)
STREAMED = frozenset(
    {
        "GetMedia",
        "GetMediaEncoded",
        "GetMediaLive",
        "GetMediaSegment",
        "GetThumbnail",
        "GetWaveform",
    }
)
CHANGED = frozenset({"KeepCall", "MuteRecording", "DeleteCall", "AttachMetaData", "AddMarker"})
ROWS = [pytest.param(row, id=name) for name, row in ACTIONS.items()]


def of_kind(kind: Kind) -> set[str]:
    return {name for name, row in ACTIONS.items() if row.kind is kind}


def test_there_are_nineteen_actions() -> None:
    assert len(ACTIONS) == 19


def test_every_action_is_of_its_documented_kind() -> None:
    assert of_kind(Kind.READS) == READ
    assert of_kind(Kind.STREAMS) == STREAMED
    assert of_kind(Kind.CHANGES) == CHANGED
    assert of_kind(Kind.UPLOADS) == {"PutMedia"}
    assert of_kind(Kind.AUTHENTICATES) == {"RequestToken"}


def test_only_what_changes_nothing_is_retried() -> None:
    assert {name for name, row in ACTIONS.items() if row.retryable} == READ | STREAMED


def test_only_what_is_read_whole_is_coalesced() -> None:
    assert {name for name, row in ACTIONS.items() if row.coalescable} == READ


def test_only_get_call_id_is_answered_from_the_index() -> None:
    assert [name for name, row in ACTIONS.items() if row.from_index] == ["GetCallID"]


def test_only_get_voice_quality_speaks_json_itself() -> None:
    assert [name for name, row in ACTIONS.items() if row.native_json] == ["GetVoiceQuality"]


@pytest.mark.parametrize("row", ROWS)
def test_a_row_repeats_no_name_in_any_case(row: Action) -> None:
    names = [name.lower() for name in (*row.reserved, *row.own)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("row", ROWS)
def test_every_action_reserves_what_all_of_them_take(row: Action) -> None:
    assert set(COMMON) <= set(row.reserved)
    assert set(row.selectors) <= set(row.reserved)
    assert ("password" in row.reserved) is (row.kind is Kind.AUTHENTICATES)


@pytest.mark.parametrize("row", ROWS)
def test_documented_names_are_folded_unless_any_name_is_data(row: Action) -> None:
    everything = {*row.reserved, *row.own}
    common = {*COMMON, *CALL_ID_SPELLINGS}
    assert set(row.folded) == (common if row.takes_any else everything)


def test_an_action_is_found_by_its_exact_name() -> None:
    assert action_called("MuteRecording") is ACTIONS["MuteRecording"]


@pytest.mark.parametrize("name", ["getcallid", "StopRecording", ""])
def test_an_unknown_action_is_one_that_changes_the_world(name: str) -> None:
    action = action_called(name)
    assert action == Action(name, Kind.CHANGES)
    assert not action.retryable
    assert not action.coalescable
    assert not action.from_index
