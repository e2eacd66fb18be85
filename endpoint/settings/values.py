"""The texts of settings as values. Every parser raises ValueError, which says what was expected."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
# A name, all names below one, or all names there are.
_HOST: Final = re.compile(r"\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]|\*")
_LOADABLE = re.compile(r"https?://[^\s/@]+/\S*")
_CONTACT: Final = re.compile(r"(?:mailto:[^@/\s]+@|https://|tel:\+?)[!-~]+")
_AGE: Final = re.compile(r"(\d+(?:\.\d+)?)([dhms]?)", re.ASCII)
AGES: Final = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
UNITS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def size(text: str) -> int:
    """Parse a size in bytes: ``"512MB"``, ``"1 GiB"``, ``"4096"``. Units are powers of 1024."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError("expected a size such as 512MB or 1GiB")
    amount = float(match[1]) * 1024 ** UNITS[match[2].lower()]
    if not 1 <= amount < 2**60:
        raise ValueError("expected a size of at least one byte, such as 512MB")
    return int(amount)


def size_or_none(text: str) -> int:
    """Parse a size in bytes, where 0 means no limit."""
    if text.strip() == "0":
        return 0
    try:
        return size(text)
    except ValueError:
        raise ValueError("expected a size such as 10GB, or 0 for no limit") from None


def age(text: str) -> float:
    """Parse an age, such as ``90d``, ``12h``, ``30m`` or ``45s``, into seconds; 0 means no limit."""
    match = _AGE.fullmatch(text.strip())
    if match is None or not (found := float(match[1]) * AGES[match[2] or "s"]) < 10**10:
        raise ValueError("expected an age such as 90d, 12h or 30m, or 0 for no limit")
    return found


def size_or_nothing(text: str) -> int:
    """Parse a size in bytes, or 0 for nothing at all. Raises ValueError."""
    try:
        return 0 if text.strip() == "0" else size(text)
    except ValueError:
        raise ValueError("expected a size such as 64MB, or 0 for none") from None


def seconds(text: str) -> float:
    """Parse a positive number of seconds, with or without a trailing ``s``."""
    try:
        value = float(text.strip().removesuffix("s"))
    except ValueError:
        value = math.nan
    if not 0 < value < 10**7:
        raise ValueError("expected a positive number of seconds, such as 30 or 2.5")
    return value


def budget(text: str) -> float:
    """Parse a number of seconds, where 0 means no budget. Raises ValueError."""
    try:
        return 0.0 if float(text.strip().removesuffix("s")) == 0 else seconds(text)
    except ValueError:
        raise ValueError("expected a number of seconds such as 60, or 0 for no budget") from None


def count(least: int, most: int) -> Callable[[str], int]:
    """Return a parser of whole numbers within these bounds."""

    def parse(text: str) -> int:
        if not (text.strip().isascii() and text.strip().isdigit() and least <= int(text[:20]) <= most):
            raise ValueError(f"expected a whole number from {least} to {most}")
        return int(text)

    return parse


def choice(*choices: str) -> Callable[[str], str]:
    """Return a parser of one of these words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return text

    return parse


def path(text: str) -> Path:
    """Parse the path of a file or folder."""
    if not text or "\0" in text:
        raise ValueError("expected a path")
    return Path(text).expanduser()


def address(text: str) -> tuple[str, int]:
    """Parse ``HOST:PORT``, an IPv6 address in brackets."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]]+)):([0-9]{1,5})", text.strip(), re.ASCII)
    if match is None or int(match[3]) > 65535:
        raise ValueError("expected an address and a port, such as 127.0.0.1:9464 or [::1]:9464")
    return match[1] or match[2], int(match[3])


def words(text: str) -> str:
    """Parse a text that is not empty."""
    if not text.strip():
        raise ValueError("expected a text that is not empty")
    return text.strip()


def switch(text: str) -> bool:
    """Parse ``on`` or ``off``, or other words for them."""
    known = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
    if (switched := known.get(text.strip().lower())) is None:
        raise ValueError("expected on or off")
    return switched


def origins(text: str) -> tuple[str, ...]:
    """Parse origins between spaces or commas."""
    return tuple(text.replace(",", " ").split())


def contacts(text: str) -> tuple[str, ...]:
    """Parse the addresses of people, between spaces or commas, as RFC 9116 (section 2.5.3) wants them."""
    given = tuple(text.replace(",", " ").split())
    if not all(_CONTACT.fullmatch(contact) for contact in given):
        raise ValueError(
            "expected addresses such as mailto:security@example.org or https://example.org/security"
        )
    return given


def loadable(text: str) -> tuple[str, ...]:
    """Parse beginnings of http and https IRIs, each with a whole host, between spaces or commas."""
    given = tuple(text.replace(",", " ").split())
    if not all(_LOADABLE.fullmatch(each) for each in given):
        raise ValueError(
            "expected beginnings of IRIs with a slash after the host, such as https://example.org/data/"
        )
    return given


def networks(text: str) -> tuple[str, ...]:
    """Parse addresses and networks, or "none"."""
    words = text.replace(",", " ").split()
    if [word.lower() for word in words] == ["none"]:
        return ()
    try:
        networks = tuple(str(ip_network(word)) for word in words)
    except ValueError:
        networks = ()
    if not networks:
        raise ValueError('expected addresses or networks such as 10.0.0.0/8 ::1, or "none"')
    return networks


def hosts(text: str) -> tuple[str, ...]:
    """Parse host names, names that begin with a dot, and *; there may be none."""
    words = tuple(word.lower() for word in text.replace(",", " ").split())
    if not all(_HOST.fullmatch(word) for word in words):
        raise ValueError("expected host names without port, such as example.org .example.org, or *")
    return words


def url(text: str) -> str:
    """Parse an absolute http or https URL; without a slash at its end."""
    try:
        parts = urlsplit(text)
        right = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        right = False
    if not right:
        raise ValueError("expected an absolute http or https URL without query or fragment")
    return text.rstrip("/")
