"""Chinese numerals below 亿, strictly: a string that is not one well-formed number is None."""

from __future__ import annotations

DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_SCALES = {"十": 10, "百": 100, "千": 1000}

NUMERAL_CHARS = "零〇一二两三四五六七八九十百千"
"""Characters of a numeral below 万; a class for regular expressions."""


def parse_numeral(text: str) -> int | None:
    """The integer that 三, 十二, 两百, 一千零五 or 三万五千 stands for; None for 三五, 十百, 一定, "".

    A number is read only if every scale falls (千 百 十) and every digit has its place;
    一百二 for 120 and 三万五 for 35000 are spoken shorthand and are not read.
    """
    head, wan, tail = text.partition("万")
    if not wan:
        return _below_wan(head)
    high = _below_wan(head)
    if not tail or high is None:
        return None if high is None else high * 10000
    low = _below_wan(tail.removeprefix("零")) if tail[0] == "零" or "千" in tail else None
    return high * 10000 + low if low else None


def _below_wan(text: str) -> int | None:
    """The integer of a numeral without 万, or None."""
    if text in DIGITS:
        return DIGITS[text]
    total, digit, last = 0, -1, 10000
    zero = False
    for char in text:
        if char in _SCALES:
            scale = _SCALES[char]
            if scale >= last or digit == 0 or (digit < 0 and not (scale == 10 and total == 0)):
                return None
            total, digit, last, zero = total + max(digit, 1) * scale, -1, scale, False
        elif char not in DIGITS or digit > 0:
            return None
        elif DIGITS[char] == 0:
            if zero or digit == 0:
                return None
            zero = True
        else:
            digit = DIGITS[char]
    return _finish(total, digit, last, zero)


def _finish(total: int, digit: int, last: int, zero: bool) -> int | None:
    """Add the ones digit: allowed after 十, after 零, nowhere else."""
    if digit < 0:
        return total if total and not zero else None
    return total + digit if total and (last == 10 or zero) else None
