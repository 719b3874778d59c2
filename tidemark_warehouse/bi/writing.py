"""Files of YAML, into a folder or a ZIP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tidemark_warehouse.errors import TidemarkError

ZIP = ".zip"


def write(contents: Mapping[str, Any], path: Path) -> None:
    """Write the content of each file below a folder, or below the root folder of a ZIP.

    Args:
        contents: by path, of what YAML can say.
        path: the folder, which must be empty or new; a name that ends in .zip makes a ZIP, in
            place of an earlier one.

    Raises:
        TidemarkError: it cannot be written, or something else would be lost.
    """
    texts = {name: _text(content) for name, content in contents.items()}
    try:
        if path.suffix == ZIP:
            _zip(texts, path)
            return
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise TidemarkError(
                f"{path} is not empty, and is left as it is",
                "name a new folder with --output, or remove this one",
            )
        for name, text in texts.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TidemarkError(
            f"{error.filename or path} cannot be written: {error.strerror}",
            "name another place with --output",
        ) from error


def _zip(texts: Mapping[str, str], path: Path) -> None:
    draft = path.with_name(f".{path.name}.draft")
    with ZipFile(draft, "w", ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            # Without the time at which it was written, the same marts give the same file.
            archive.writestr(ZipInfo(f"{path.stem}/{name}"), text, ZIP_DEFLATED)
    draft.replace(path)


def _text(content: Any) -> str:
    import yaml  # type: ignore[import-untyped]

    dumped: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return dumped
