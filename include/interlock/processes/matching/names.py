"""Company names as comparable words: folded, without legal form, numbers, owner and branch set apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from sys import intern
from typing import Final

from interlock.domain.legal_forms import split_form

LONGEST: Final = 200
LETTERS: Final = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "oe", "ł": "l", "đ": "d", "&": " und ",
    "+": " und ", "'": "", "\u2019": "", "`": "", "\u00b4": "",
})  # fmt: skip
EMPTY: Final = frozenset({"und", "and", "et", "en", "y", "the", "der", "die", "das", "fuer", "for", "of"})
TITLES: Final = frozenset({"firma", "fa", "dr", "prof", "dipl", "ing", "mag", "herr", "frau", "mr", "mrs"})
ABBREVIATIONS: Final = {
    "gebr": "gebrueder", "bros": "brothers", "intl": "international", "internat": "international", "ges": "gesellschaft",
    "masch": "maschinen", "sankt": "st", "saint": "st", "sint": "st", "ets": "etablissements", "verwaltungs": "verwaltung",
    "beteiligungs": "beteiligung", "handels": "handel", "vertriebs": "vertrieb", "mfg": "manufacturing", "company": "co",
    "cie": "co", "svc": "service", "services": "service", "tech": "technik", "techn": "technik", "assoc": "associates",
}  # fmt: skip
BRANCH: Final = frozenset(
    {
        "niederlassung", "zweigniederlassung", "zweigstelle", "filiale", "standort", "werk", "betriebsstaette",
        "geschaeftsstelle", "aussenstelle", "branch", "agence", "succursale", "vestiging", "filiaal", "sucursal", "oddzial",
        "zndl",
    }
)  # fmt: skip
OWNER: Final = frozenset({"inh", "inhaber", "inhaberin", "owner"})
ROMAN: Final = frozenset({"ii", "iii", "iv", "vi", "vii", "viii", "ix", "xi", "xii"})


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart. `core` are its words in order; `short` those of them that were abbreviated with a dot.

    key: equal for names that differ only in word order, lost umlauts and legal form. joined: the words written as one.
    """

    core: tuple[str, ...] = ()
    key: str = ""
    joined: str = ""
    form: str = ""
    numbers: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    branch: tuple[str, ...] = ()
    short: frozenset[str] = frozenset()


def fold(text: str) -> str:
    """Return lower case without accents, umlauts spelt out."""
    lowered = unicodedata.normalize("NFC", text[:LONGEST]).casefold().translate(LETTERS)
    return "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))


def read_name(text: str) -> Name:
    """Take a company name apart; a text without a letter or digit gives an empty name."""
    dotted: set[str] = set()
    words: Sequence[str] = ["und" if word == "u" else word for word in _words(fold(text), dotted)]
    words, owner = _cut(words, OWNER, keep=0)
    words, branch = _cut(words, BRANCH, keep=1)
    rest, form = split_form(words)
    if branch and not form:
        branch, form = split_form(branch)
    rest = tuple(ABBREVIATIONS.get(word, word) for word in rest)
    meant = tuple(word for word in rest if word not in EMPTY and word not in TITLES) or rest
    numbers = tuple(sorted(word.lstrip("0") or "0" for word in meant if _is_number(word)))
    core = tuple(intern(word) for word in meant if not _is_number(word))
    if not core:
        core, numbers = tuple(map(intern, meant)), ()
    plain = [bare(word) for word in core]
    key = "/".join(("".join(sorted(plain)), *numbers))
    return Name(core, key, intern("".join(plain)), intern(form), numbers, owner, branch, frozenset(dotted & set(core)))


def bare(word: str) -> str:
    """Return a folded word without the traces of umlauts: Müller, Mueller and Muller are one."""
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _words(text: str, dotted: set[str]) -> Iterator[str]:
    """Split into words; letters with dots between them are one word, a dot after a longer word marks an abbreviation."""
    letters = ""
    for chunk in re.findall(r"[^\s,;:/()\[\]\"|„“”«»\u2013\u2014_-]+", text):
        pieces = [re.sub(r"[^\w]", "", piece) for piece in chunk.split(".")]
        for place, piece in enumerate(pieces):
            if len(piece) == 1 and piece.isalpha():
                letters += piece
            elif piece:
                if letters:
                    yield letters
                    letters = ""
                if place < len(pieces) - 1:
                    dotted.add(piece)
                yield piece
        if letters and "." not in chunk:
            yield letters
            letters = ""
    if letters:
        yield letters


def _cut(words: Sequence[str], marks: frozenset[str], keep: int) -> tuple[Sequence[str], tuple[str, ...]]:
    """Cut the name at a mark that does not lead it; the mark itself is dropped when `keep` is 0."""
    for place, word in enumerate(words):
        if word in marks and not EMPTY.issuperset(words[:place]):
            return words[:place], tuple(words[place + 1 - keep :])
    return words, ()


def _is_number(word: str) -> bool:
    return word.isdecimal() or word in ROMAN
