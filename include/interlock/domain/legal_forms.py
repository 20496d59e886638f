"""Legal forms of companies, so that "Muster G.m.b.H." and "Muster Gesellschaft mit beschränkter Haftung" are one name.

Spellings are given folded: lower case, `ae` for `ä`, `und` for `&`, single dotted letters run together (`e.K.` -> `ek`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "gmbh": (
        "gmbh", "ges mbh", "gesmbh", "gesellschaft mbh", "gesellschaft mit beschraenkter haftung", "g mbh", "mbh",
        "ges mit beschraenkter haftung",
    ),
    "ggmbh": ("ggmbh", "gemeinnuetzige gmbh", "gemeinnuetzige gesellschaft mbh"),
    "ug": ("ug", "ug haftungsbeschraenkt", "unternehmergesellschaft haftungsbeschraenkt", "unternehmergesellschaft"),
    "gmbh & co. kg": ("gmbh und co kg", "gmbh und cokg", "gmbh co kg", "gmbh und kg", "gmbh und co kommanditgesellschaft"),
    "gmbh & co. ohg": ("gmbh und co ohg", "gmbh co ohg"),
    "ug & co. kg": ("ug haftungsbeschraenkt und co kg", "ug und co kg", "ug co kg"),
    "ag & co. kg": ("ag und co kg", "ag co kg"),
    "ag & co. kgaa": ("ag und co kgaa", "ag co kgaa"),
    "gmbh & co. kgaa": ("gmbh und co kgaa", "gmbh co kgaa"),
    "se & co. kg": ("se und co kg", "se co kg"),
    "se & co. kgaa": ("se und co kgaa", "se co kgaa"),
    "kgaa": ("kgaa", "kommanditgesellschaft auf aktien"),
    "kg": ("kg", "kommanditgesellschaft", "und co kg", "co kg", "keg"),
    "ag": ("ag", "aktiengesellschaft"),
    "se": ("se", "societas europaea"),
    "ohg": ("ohg", "offene handelsgesellschaft", "und co ohg"),
    "og": ("og", "offene gesellschaft"),
    "gbr": ("gbr", "gdbr", "gesbr", "egbr", "gesellschaft buergerlichen rechts"),
    "ek": (
        "ek", "e k", "ekfm", "e kfm", "ekfr", "e kfr", "eingetragener kaufmann", "eingetragene kauffrau", "einzelunternehmen",
        "einzelfirma", "eenmanszaak", "entreprise individuelle", "ditta individuale",
    ),
    "eu": ("eu", "e u", "eingetragener unternehmer", "eingetragene unternehmerin"),
    "eg": ("eg", "e g", "eingetragene genossenschaft", "egen", "genmbh"),
    "ev": ("ev", "e v", "eingetragener verein"),
    "partg": (
        "partg", "partg mbb", "partgmbb", "partnerschaft mbb", "partnerschaftsgesellschaft", "partnerschaftsgesellschaft mbb",
    ),
    "sarl": ("sarl", "sa rl", "societe a responsabilite limitee", "eurl", "sarlu"),
    "sas": ("sas", "sasu", "societe par actions simplifiee"),
    "sa": ("sa", "societe anonyme", "sociedad anonima", "spolka akcyjna", "sau"),
    "snc": ("snc", "societe en nom collectif", "societa in nome collettivo"),
    "sci": ("sci", "societe civile immobiliere"),
    "scs": ("scs",),
    "sagl": ("sagl",),
    "bv": ("bv", "besloten vennootschap"),
    "nv": ("nv", "naamloze vennootschap"),
    "vof": ("vof", "vennootschap onder firma"),
    "cv": ("cv", "commanditaire vennootschap"),
    "stichting": ("stichting",),
    "bvba": ("bvba", "sprl"),
    "inc": ("inc", "incorporated", "co inc", "company inc"),
    "corp": ("corp", "corporation"),
    "llc": ("llc", "limited liability company"),
    "lp": ("lp", "limited partnership"),
    "llp": ("llp", "limited liability partnership"),
    "ltd": ("ltd", "limited", "co ltd", "company limited", "pty ltd", "pvt ltd", "pte ltd"),
    "plc": ("plc", "public limited company"),
    "srl": ("srl", "srls", "societa a responsabilita limitata"),
    "spa": ("spa", "societa per azioni"),
    "sapa": ("sapa",),
    "sl": ("sl", "slu", "sociedad limitada", "sociedad de responsabilidad limitada"),
    "sp zoo": ("sp z oo", "sp zoo", "spzoo", "spolka z oo", "spolka z ograniczona odpowiedzialnoscia"),
    "sp k": ("spk", "sp k", "spolka komandytowa"),
    "sp j": ("spj", "sp j", "spolka jawna"),
    "ab": ("ab", "aktiebolag"),
    "aps": ("aps", "anpartsselskab"),
    "as": ("as", "asa", "aktieselskab"),
    "oy": ("oy", "oyj"),
    "sro": ("sro", "spol s ro"),
    "kft": ("kft",),
    "lda": ("lda", "limitada"),
}  # fmt: skip
LEADING: Final = frozenset({"sarl", "eurl", "sas", "sasu", "sa", "snc", "sci", "stichting", "ab", "oy"})
TRAILING_ONLY: Final = frozenset(
    {
        "mbh", "ag", "sa", "se", "eg", "eu", "og", "as", "ab", "cv", "sl", "lp", "co kg", "limited", "oy", "ev", "scs", "spa",
        "sau", "slu", "spk", "spj", "sapa", "asa", "inc", "corp", "corporation", "kg", "ek", "stichting",
    }
)  # fmt: skip
AFTER: Final = frozenset({"ig", "il", "iln", "liquidation", "gruendung", "i", "in"})  # in formation, in liquidation
SOLE_TRADERS: Final = frozenset({"ek", "eu"})
# one form under the names of a country's several languages, or before and after a reform of company law
SAME_FORM: Final = {
    "CH": (frozenset({"ag", "sa"}), frozenset({"gmbh", "sarl", "sagl"})),
    "BE": (frozenset({"nv", "sa"}), frozenset({"bv", "bvba", "srl", "sarl"})),
    "LU": (frozenset({"ag", "sa"}), frozenset({"gmbh", "sarl"})),
}
_FORM_OF: Final = {tuple(text.split()): form for form, texts in SPELLINGS.items() for text in texts}
_LONGEST: Final = max(map(len, _FORM_OF))
_BEGINNINGS: Final = frozenset(words[0] for words in _FORM_OF)


def split_form(words: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Return the words without their legal form, and the form or an empty string; never takes the last word of a name.

    The longest spelling counts; a leading form (`SARL Dupont`) only where no other one follows.
    """
    for start in (*range(1, len(words)), 0):
        if start >= len(words) or words[start] not in _BEGINNINGS:
            continue
        for length in range(min(_LONGEST, len(words) - start), 0, -1):
            spelling, after = tuple(words[start : start + length]), _without_status(words[start + length :])
            rest = (*words[:start], *after)
            if rest and (form := _FORM_OF.get(spelling)) and _may_stand(" ".join(spelling), start, after):
                return rest, form
    return tuple(words), ""


def same_form(a: str, b: str, country: str) -> bool:
    """Tell whether two forms may be one company's; an unknown form contradicts nothing."""
    return not a or not b or a == b or any({a, b} <= group for group in SAME_FORM.get(country, ()))


def _may_stand(spelling: str, start: int, after: Sequence[str]) -> bool:
    if start == 0:
        return spelling in LEADING
    return spelling not in TRAILING_ONLY or not after


def _without_status(words: Sequence[str]) -> tuple[str, ...]:
    return () if words and all(word in AFTER for word in words) else tuple(words)
