"""Writes papermill's parameters in Rust, so that `papermill -p NAME VALUE` works on a Rust notebook.

papermill has no entry point for translators. It loads those of its engines when it starts, so that this module names its
own engine again and registers the translator by being imported. It is imported by papermill, never before it.
"""

import math
import re

from papermill.engines import NBClientEngine  # noqa: F401  (what the entry point names)
from papermill.exceptions import PapermillException
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Words that cannot name a variable, and `_`, which keeps nothing.
KEYWORDS = frozenset(
    "_ abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl "
    "in let loop macro match mod move mut override priv pub ref return self Self static struct super trait true try type "
    "typeof unsafe unsized use virtual where while yield".split()
)
# `let mut name: Type = value; // help`
DECLARATION = re.compile(
    r"\s*let\s+(?:mut\s+)?(?P<name>\w+)\s*(?::\s*(?P<type>[^=]+?))?\s*=\s*(?P<value>.*?)\s*;\s*(?://\s*(?P<help>.*))?$"
)


class RustTranslator(Translator):
    """Values of JSON and YAML as Rust writes them. Null and tables have no counterpart and are refused."""

    @classmethod
    def translate_escaped_str(cls, val):
        return '"' + "".join(map(escaped, str(val))) + '"'

    @classmethod
    def translate_none(cls, val):
        raise PapermillException("a parameter of a Rust notebook cannot be null; leave it out to keep its default")

    @classmethod
    def translate_int(cls, val):
        # A whole number without a suffix is an i32.
        for bits, kind in [(range(-(2**31), 2**31), ""), (range(-(2**63), 2**63), "_i64"), (range(2**64), "_u64")]:
            if val in bits:
                return f"{val}{kind}"
        raise PapermillException(f"{val} fits in no whole number of 64 bits")

    @classmethod
    def translate_float(cls, val):
        if math.isnan(val):
            return "f64::NAN"
        if math.isinf(val):
            return "f64::INFINITY" if val > 0 else "f64::NEG_INFINITY"
        # Python writes 1e+16, which is a float in Rust too; the suffix makes it an f64 either way.
        return repr(val) if "e" not in repr(val) else f"{val!r}_f64"

    @classmethod
    def translate_list(cls, val):
        if not val:
            raise PapermillException("an empty list does not say what it would hold; leave it out to keep its default")
        kinds = {type(item) for item in val}
        if kinds == {int, float}:
            val = [float(item) for item in val]
        elif len(kinds) > 1:
            names = ", ".join(sorted(kind.__name__ for kind in kinds))
            raise PapermillException(f"a list in Rust holds values of one kind, and this one holds {names}")
        elif all(isinstance(item, int) and not isinstance(item, bool) for item in val):
            # The widest decides for all.
            written = [cls.translate_int(item) for item in val]
            suffix = max((item[item.index("_") :] for item in written if "_" in item), default="")
            if suffix == "_u64" and min(val) < 0:
                raise PapermillException("no whole number of 64 bits fits all values of the list")
            return f"vec![{', '.join(f'{item}{suffix}' for item in val)}]"
        return f"vec![{', '.join(cls.translate(item) for item in val)}]"

    @classmethod
    def translate_dict(cls, val):
        raise PapermillException("a parameter of a Rust notebook cannot be a table; give its values one by one")

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name, str_val):
        if not NAME.fullmatch(name) or name in KEYWORDS:
            raise PapermillException(f"`{name}` cannot be the name of a variable in Rust")
        return f"let {name} = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell):
        """The variables that the cell declares, one a line: for `--help-notebook` and the warning of unknown names."""
        found = map(DECLARATION.fullmatch, parameters_cell["source"].splitlines())
        return [
            Parameter(line["name"], line["type"] or "None", line["value"], (line["help"] or "").strip())
            for line in found
            if line
        ]


def escaped(letter):
    """A letter as it stands between quotes."""
    if letter in '"\\':
        return "\\" + letter
    # What cannot be seen, or turns the direction of what follows, is written by its number.
    return letter if letter.isprintable() else f"\\u{{{ord(letter):x}}}"


papermill_translators.register("rust", RustTranslator)
