"""How a name is written, and taking it out of a text. What was taken out is remembered as hashes only."""

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any

from accounts.rights.declared import REDACTED

WORD = re.compile(r"\w+")
SHORTEST_PHONE = 6
Judge = Callable[[str], bool]
"""Is this run of words, in small letters with one space between, one that has to go?"""


def plain(text: str) -> str:
    """The words of a text in small letters: `Haugen, Ingrid` and `haugen ingrid` are the same."""
    return " ".join(WORD.findall(text.casefold()))


def spellings(name: str, email: str = "", phone: str = "") -> list[str]:
    """The ways in which a person is written down that a program can know."""
    words = WORD.findall(name)
    found = [name, f"{words[-1]} {' '.join(words[:-1])}" if len(words) > 1 else "", email]
    if sum(sign.isdigit() for sign in phone) >= SHORTEST_PHONE:
        found.append(phone)
    return list(dict.fromkeys(filter(None, map(plain, found))))


def pattern(found: Iterable[str]) -> str:
    """A regular expression of PostgreSQL for any of these spellings, whatever stands between their words."""
    runs = (r"\W+".join(map(re.escape, each.split())) for each in found)
    return rf"(?<![[:alnum:]_])({'|'.join(runs)})(?![[:alnum:]_])"


def judge_of(found: Iterable[str]) -> tuple[Judge, set[int]]:
    """For `taken_out`: these spellings, and how many words they have."""
    wanted = set(found)
    return wanted.__contains__, {len(each.split()) for each in wanted}


def hashed(salt: str, spelling: str) -> str:
    return hashlib.sha256(f"{salt}\x1f{spelling}".encode()).hexdigest()


def judge_of_hashes(salt: str, words: Iterable[tuple[int, str]]) -> tuple[Judge, set[int]]:
    """The same where only the hashes are left: after a restore."""
    known = {code: number for number, code in words}
    return lambda run: hashed(salt, run) in known, set(known.values())


def taken_out(value: Any, judge: Judge, lengths: set[int]) -> Any:
    """The value without the names in it; lists and mappings inside out, anything else as it is."""
    if isinstance(value, str):
        return from_text(value, judge, lengths)
    if isinstance(value, list):
        return [taken_out(each, judge, lengths) for each in value]
    if isinstance(value, dict):
        return {
            from_text(key, judge, lengths): taken_out(each, judge, lengths) for key, each in value.items()
        }
    return value


def from_text(text: str, judge: Judge, lengths: set[int]) -> str:
    words = list(WORD.finditer(text))
    found, at, index = [], 0, 0
    while index < len(words):
        for length in sorted(lengths, reverse=True):
            run = words[index : index + length]
            if len(run) == length and judge(" ".join(each.group().casefold() for each in run)):
                found += [text[at : run[0].start()], REDACTED]
                at = run[-1].end()
                index += length - 1
                break
        index += 1
    return "".join([*found, text[at:]])
