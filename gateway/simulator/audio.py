"""Sound and pictures that were never recorded: real files with made-up content."""

import io
import struct
import wave
import zlib
from array import array
from math import pi, sin
from random import Random
from typing import Final

RATE: Final = 8000
"""Samples per second of the WAV files: telephone quality, 16 bits, one channel."""
LONGEST: Final = 3600
"""Seconds of sound that are synthesised at most."""
FRAME: Final = b"\xff\xfb\x18\xc4".ljust(144, b"\0")
"""36 ms of silence: one frame of MPEG-1 layer III, 32 kHz, 32 kbit/s, one channel, no CRC."""
FRAME_SECONDS: Final = 0.036

Colour = tuple[int, int, int]


def make_wav(seed: str, seconds: float) -> bytes:
    """A tone of this length; the same seed has the same tone."""
    pitch = Random(seed).randrange(300, 900)
    second = array("h", (int(9000 * sin(2 * pi * pitch * n / RATE)) for n in range(RATE)))
    content = second.tobytes() * min(LONGEST, int(seconds) + 1)
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(content[: 2 * int(min(seconds, LONGEST) * RATE)])
    return file.getvalue()


def make_mp3(seconds: float) -> bytes:
    """Silence of about this length, in whole frames."""
    return FRAME * max(1, round(min(seconds, LONGEST) / FRAME_SECONDS))


def make_picture(seed: str, size: tuple[int, int], ground: Colour, line: Colour) -> bytes:
    """A PNG of something like a wave form; the same seed has the same form."""
    width, height = size
    random = Random(seed)
    heights = [random.randint(0, height // 2) for _ in range(width)]
    rows = []
    for row in range(height):
        away = abs(row - height // 2)
        pixels = b"".join(bytes(line if away <= tall else ground) for tall in heights)
        rows.append(b"\0" + pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"".join(rows)))
    return b"\x89PNG\r\n\x1a\n" + body + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check
