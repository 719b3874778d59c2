"""What a file of SQL says, whatever its comments and its layout."""

from __future__ import annotations

import hashlib
import re

TOKEN = re.compile(
    r"""
    (?P<gap> (?: \s | --[^\n]* | /\*.*?\*/ )+ )
    | (?P<tag> \$(?:[A-Za-z_]\w*)?\$ ) (?P<body> .*? ) (?P=tag)
    | [eE]'(?: [^'\\] | '' | \\. )*'
    | '(?: [^'] | '' )*'
    | "(?: [^"] | "" )*"
    | \w+
    | .
    """,
    re.DOTALL | re.VERBOSE,
)


def statements(text: str) -> str:
    """Return SQL without its comments, with one space in place of any white space.

    Literals stay as they are. Dollar quotes hold code, so that the same is done within them.
    """

    def reduced(match: re.Match[str]) -> str:
        if match["gap"]:
            return " "
        if match["tag"]:
            return f"{match['tag']}{statements(match['body'])}{match['tag']}"
        return match[0]

    return TOKEN.sub(reduced, text).strip()


def checksum(text: str) -> str:
    """Return the SHA-256 of a text's statements."""
    return hashlib.sha256(statements(text).encode()).hexdigest()
