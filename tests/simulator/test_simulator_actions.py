"""The actions that read, change and play calls."""

import io
import re
import wave
import zlib
from dataclasses import replace

import pytest
from lxml import etree
from werkzeug.test import Client, TestResponse

from gateway.simulator.actions import ACTIONS
from gateway.simulator.application import Simulator, create_app
from gateway.simulator.calls import Call, between
from gateway.simulator.clock import FrozenClock
from gateway.simulator.settings import EMPTY, KEY_ONLY, SEED_KEY, Settings

START = 1_700_000_000.0
OVER = "0E8F2A46-0000-4000-8000-00000000000A"
LIVE = "0E8F2A46-0000-4000-8000-00000000000B"


def make_recorder() -> Simulator:
    recorder = create_app(Settings(access=KEY_ONLY, traffic=EMPTY), FrozenClock(START))
    over = replace(between("8801", "+36"), id=OVER, start=START - 100, end=START - 90)
    recorder.world.put(replace(over, meeting_id="M"))
    recorder.world.begin(replace(between("8801", "+36"), id=LIVE, start=START - 60))
    return recorder


def ask(recorder: Simulator, action: str, **parameters: str) -> TestResponse:
    query = {"action": action, "apiKey": SEED_KEY, **parameters}
    return Client(recorder).get("/verba/api", query_string=query)


def done(action: str) -> str:
    return f'<Response code="0" type="{action}"/>'


def find(recorder: Simulator, identifier: str) -> Call:
    call = recorder.world.find(identifier)
    assert call is not None
    return call


def test_there_are_nineteen_actions() -> None:
    assert len(ACTIONS) == 19


@pytest.mark.parametrize("action", sorted(ACTIONS.keys() - {"RequestToken"}))
def test_no_action_succeeds_when_it_is_told_nothing(action: str) -> None:
    answer = ask(make_recorder(), action)
    assert answer.status_code == 200
    assert f'<Response code="2" type="{action}">' in answer.text
    etree.fromstring(answer.data)


@pytest.mark.parametrize("name", ["callID", "ccdr_id", "cid"])
@pytest.mark.parametrize("identifier", [OVER, OVER.lower()])
def test_an_id_is_found_under_three_names_and_in_any_case(name: str, identifier: str) -> None:
    assert OVER in ask(make_recorder(), "GetCallInformation", **{name: identifier}).text


def test_a_call_is_found_by_its_meeting() -> None:
    assert OVER in ask(make_recorder(), "GetCallInformation", meetingID="M").text


def test_the_url_is_the_page_of_the_call_on_this_host() -> None:
    answer = ask(make_recorder(), "GetCallURL", extension="8801", status="ongoing")
    page = f"http://localhost/verba/gwtCallDetail.do?ccdrId={LIVE}"
    assert f"<CallURL>{page}</CallURL>" in answer.text
    assert f"<td>{LIVE}</td>" in Client(make_recorder()).get(page).text
    assert Client(make_recorder()).get(page + "0").status_code == 404


def test_a_kept_call_cannot_be_deleted() -> None:
    recorder = make_recorder()
    assert done("KeepCall") in ask(recorder, "KeepCall", callID=OVER).text
    assert "<do_not_delete>1<" in ask(recorder, "GetCallInformation", callID=OVER).text
    assert 'code="2"' in ask(recorder, "DeleteCall", callID=OVER).text
    assert recorder.world.find(OVER)


def test_a_deleted_call_is_gone() -> None:
    recorder = make_recorder()
    assert done("DeleteCall") in ask(recorder, "DeleteCall", callID=OVER).text
    assert recorder.world.find(OVER) is None
    assert 'code="2"' in ask(recorder, "GetCallInformation", callID=OVER).text


def test_an_ongoing_call_is_deleted_when_it_ends() -> None:
    recorder = make_recorder()
    assert done("DeleteCall") in ask(recorder, "DeleteCall", callID=LIVE).text
    assert recorder.world.find(LIVE)
    recorder.world.end(LIVE)
    assert recorder.world.find(LIVE) is None


def test_muting_sets_the_bits_of_an_ongoing_call_only() -> None:
    recorder = make_recorder()
    assert done("MuteRecording") in ask(recorder, "MuteRecording", callID=LIVE, mute="3").text
    assert find(recorder, LIVE).mute == 3
    assert 'code="2"' in ask(recorder, "MuteRecording", callID=OVER, mute="3").text
    assert 'code="2"' in ask(recorder, "MuteRecording", callID=LIVE, mute="4").text
    assert find(recorder, LIVE).mute == 3


def test_metadata_is_kept_and_returned_when_asked_for() -> None:
    recorder = make_recorder()
    for value in ("7", "<8>"):
        answer = ask(recorder, "AttachMetaData", callID=OVER, ticket=value, Note="ü")
        assert done("AttachMetaData") in answer.text
    asked = ask(recorder, "GetCallInformation", callID=OVER, returnMetadata="1").text
    assert '<field name="ticket">&lt;8&gt;</field>' in asked
    assert '<field name="Note">ü</field>' in asked
    assert "<field" not in ask(recorder, "GetCallInformation", callID=OVER).text
    assert 'code="2"' in ask(recorder, "AttachMetaData", callID=OVER).text


def test_a_marker_begins_and_ends_in_milliseconds_from_the_start() -> None:
    clock = FrozenClock(START)
    recorder = create_app(Settings(access=KEY_ONLY, traffic=EMPTY), clock)
    recorder.world.begin(replace(between("8801", "+36"), id=LIVE))
    for mode in ("start", "end"):
        clock.move(1.5)
        answer = ask(recorder, "AddMarker", callID=LIVE, mmode=mode, mname="Sale")
        assert done("AddMarker") in answer.text
    marker = "<verbamarker><name>Sale</name><start>1500</start><end>3000</end></verbamarker>"
    assert f"{marker}\n</Response>" in ask(recorder, "GetMarkers", cid=LIVE).text
    text = ask(recorder, "GetMarkers", cid=LIVE, responseType="TEXT").text
    html = ask(recorder, "GetMarkers", cid=LIVE, responseType="HTML").text
    assert text.startswith("Marker\n")
    assert html.startswith("<html><body><table><tr><th>Name</th><th>Start (ms)</th>")
    wrong = ask(recorder, "AddMarker", callID=LIVE, mmode="end", mname="Other")
    assert 'code="2"' in wrong.text


def test_voice_quality_has_its_own_root_and_speaks_json() -> None:
    recorder = make_recorder()
    wanted = {"callIDs": f"{OVER}, {LIVE},unknown"}
    root = etree.fromstring(ask(recorder, "GetVoiceQuality", **wanted).data)
    assert root.tag == "voice_quality_check_scores"
    answer = ask(recorder, "GetVoiceQuality", responseType="JSON", **wanted)
    assert answer.json is not None
    scores = answer.json["voice_quality_check_scores"]
    assert [score["ccdr_id"] for score in scores] == [OVER, LIVE]
    assert [dict(score.attrib) for score in root] == scores


def test_the_media_of_a_call_are_sound_of_its_length() -> None:
    answer = ask(make_recorder(), "GetMedia", callID=OVER)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{OVER}.wav"'
    with wave.open(io.BytesIO(answer.data)) as sound:
        assert sound.getnframes() / sound.getframerate() == 10


def test_a_range_of_the_media_is_a_part_of_the_whole() -> None:
    recorder = make_recorder()
    whole = ask(recorder, "GetMedia", callID=OVER).data
    query = {"action": "GetMedia", "apiKey": SEED_KEY, "callID": OVER}

    def part(wanted: str) -> TestResponse:
        return Client(recorder).get("/verba/api", query_string=query, headers={"Range": wanted})

    answer = part("bytes=100-199")
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    assert answer.data == whole[100:200]
    assert part("bytes=-5").data == whole[-5:]
    assert part(f"bytes={len(whole)}-").status_code == 416
    assert part("nonsense").status_code == 200


def test_an_ongoing_call_has_no_media_yet() -> None:
    for action in ("GetMedia", "GetMediaEncoded", "GetWaveform", "GetThumbnail"):
        assert "no media yet" in ask(make_recorder(), action, callID=LIVE).text


def test_encoded_media_are_frames_of_mp3() -> None:
    answer = ask(make_recorder(), "GetMediaEncoded", callID=OVER, format="mp3")
    assert answer.headers["Content-Type"] == "audio/mpeg"
    assert answer.data.startswith(b"\xff\xfb")
    assert len(answer.data) == 144 * round(10 / 0.036)
    assert 'code="2"' in ask(make_recorder(), "GetMediaEncoded", callID=OVER, format="flac").text


def test_a_segment_lasts_from_start_to_end_of_the_call_at_most() -> None:
    recorder = make_recorder()

    def segment(start: str, end: str) -> TestResponse:
        return ask(recorder, "GetMediaSegment", cid=OVER, start=start, end=end, format="wav")

    with wave.open(io.BytesIO(segment("8.5", "99").data)) as sound:
        assert sound.getnframes() == 12_000
    for start, end in (("5", "5"), ("", "5"), ("-1", "5"), ("11", "12")):
        assert 'code="2"' in segment(start, end).text


def test_pictures_are_real_and_of_the_size_that_was_asked_for() -> None:
    recorder = make_recorder()
    colours = {"bgcolor": "0xF0F0F0", "color": "0x000001"}
    wave_form = ask(recorder, "GetWaveform", callID=OVER, width="30", height="20", **colours)
    assert wave_form.headers["Content-Type"] == "image/png"
    assert wave_form.data[:8] == b"\x89PNG\r\n\x1a\n"
    assert wave_form.data[16:24] == (30).to_bytes(4) + (20).to_bytes(4)
    size = int.from_bytes(wave_form.data[33:37])
    pixels = zlib.decompress(wave_form.data[41 : 41 + size])
    assert len(pixels) == 20 * (1 + 3 * 30)
    assert set(pixels) == {0x00, 0x01, 0xF0}
    assert ask(recorder, "GetThumbnail", callID=OVER, frame="2").data[:4] == b"\x89PNG"
    for wrong in ({"width": "0"}, {"width": "4001"}, {"color": "red"}, {"color": "0xFF"}):
        assert 'code="2"' in ask(recorder, "GetWaveform", callID=OVER, **wrong).text


def put(recorder: Simulator, **fields: str) -> str:
    query = {"action": "PutMedia", "apiKey": SEED_KEY, **fields}
    data = {"file": (io.BytesIO(b"RIFF-and-so-on"), "call.wav")}
    return Client(recorder).post("/verba/api", query_string=query, data=data).text


def test_an_uploaded_file_is_a_recorded_call_with_its_media() -> None:
    recorder = make_recorder()
    times = {"starttime": "2023-01-05 10:00:00", "endtime": "2023-01-05 10:01:30"}
    answer = put(recorder, **times, nativeid="N1", srccallerid="777", dstcallerid="888")
    assert done("PutMedia") in answer
    found = ask(recorder, "GetCallID", nativeID="N1").text
    identifier = re.search("<CallID>(.*)</CallID>", found)
    assert identifier is not None
    assert ask(recorder, "GetMedia", callID=identifier[1]).data == b"RIFF-and-so-on"
    about = ask(recorder, "GetCallInformation", callID=identifier[1]).text
    assert "<start_time>2023-01-05 10:00:00.000</start_time>" in about
    assert "<source_caller_id>777<" in about


@pytest.mark.parametrize(
    "fields",
    [
        {"starttime": "2023-01-05 10:00:00"},
        {"starttime": "2023-01-05 10:00:00", "endtime": "never"},
        {"starttime": "2023-01-05 10:00:00", "endtime": "2023-01-05 09:00:00"},
        {"starttime": "2023-01-05 10:00", "endtime": "2023-01-05 10:01", "cause": "x"},
    ],
)
def test_an_upload_without_sound_times_is_refused(fields: dict[str, str]) -> None:
    assert 'code="2"' in put(make_recorder(), **fields)
