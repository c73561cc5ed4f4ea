"""The files of `config/` that the commands use, wherever the package lies."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent


def shipped(name: str) -> Path:
    """The path of a shipped configuration file: beside the package, or inside an installed one.

    Raises:
        FileNotFoundError: there is no such file.
    """
    for folder in (_PACKAGE / "shipped", _PACKAGE.parent / "config"):
        if (folder / name).is_file():
            return folder / name
    message = f"{name} is missing from this installation"
    raise FileNotFoundError(message)
