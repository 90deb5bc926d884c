"""One wrong, missing or extra character in a query, against the words the index knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kb.search.sounds import SoundTable

_SHORTEST, _LONGEST = 2, 12
_USUAL = frozenset(
    "的了吗呢着过把被给在是有和与及或就都很太要去从向对于为以上下里中内外个些这那率数量度费县市区镇乡村台所条座人户次场名家件项套期年月日天元不没像写"
)
"""Single characters that stand by themselves in any query: no reason to suspect a slip."""
_WINDOWS = 60  # windows of a query that are tried


@dataclass(frozen=True, slots=True)
class Repair:
    """A corrected query; ``sure`` where the wrong word sounds like the right one or is no word at all."""

    text: str
    wrong: str
    right: str
    sure: bool


class Corrector:
    """Finds words one character away. Words come best first."""

    def __init__(self, words: Iterable[str], sounds: SoundTable) -> None:
        self._sounds = sounds
        self._words = dict.fromkeys(w for w in words if _SHORTEST <= len(w) <= _LONGEST + 1)
        by_length: dict[int, list[str]] = defaultdict(list)
        for word in self._words:
            by_length[len(word)].append(word)
        self._tables = {n: (words, _codes(words, n)) for n, words in by_length.items()}

    def repair(self, chunk: str, pieces: list[str], known: Callable[[str], bool]) -> Repair | None:
        """Correct a run of text that no record holds. ``pieces`` is its cut into words.

        The longest window with the surest match wins; None where nothing is one character away.
        """
        for start, end, doubtful in _windows(pieces, known)[:_WINDOWS]:
            window = chunk[start:end]
            if window in self._words or known(window):
                continue
            found = self._nearest(window)
            if found is None:
                continue
            right, alike = found
            # Without the same sound a slip is believed only inside or at the end of a long word.
            likely = right[0] == window[0] and len(window) >= 4
            swapped = end - start == len(chunk) and len(right) == len(window)
            if alike or (likely and (doubtful or swapped)):
                text = chunk[:start] + right + chunk[end:]
                return Repair(text, window, right, sure=alike or doubtful)
        return None

    def _nearest(self, window: str) -> tuple[str, bool] | None:
        """The best word one character away, and whether it sounds the same."""
        alike = self._sounds.homophones(window)
        if alike and (len(window) > 2 or _USUAL.isdisjoint(window)):
            return alike[0], True
        if len(window) < 3:
            return None
        found = [
            *self._replaced(window),
            *self._longer(window),
            *(self._shorter(window) if len(window) > 3 else ()),
        ]
        sound = self._sounds.sound(window)
        for word in found:
            if self._sounds.sound(word) == sound:
                return word, True
        return (found[0], False) if found else None

    def _replaced(self, window: str) -> list[str]:
        words, codes = self._tables.get(len(window), ([], None))
        if codes is None:
            return []
        same = (codes == _codes([window], len(window))).sum(axis=1)
        return [words[n] for n in np.flatnonzero(same == len(window) - 1)[:8]]

    def _longer(self, window: str) -> list[str]:
        """Words that the window becomes with one more character inside."""
        words, codes = self._tables.get(len(window) + 1, ([], None))
        if codes is None:
            return []
        own = _codes([window], len(window))
        return [words[n] for n in np.flatnonzero(_one_apart(codes, own))[:8]]

    def _shorter(self, window: str) -> list[str]:
        """Words that the window becomes without one of its inner characters."""
        less = (window[:i] + window[i + 1 :] for i in range(1, len(window) - 1))
        return [word for word in dict.fromkeys(less) if word in self._words][:8]


def _windows(pieces: list[str], known: Callable[[str], bool]) -> list[tuple[int, int, bool]]:
    """(start, end, doubtful) of runs of pieces, longest first; doubtful ones hold an unknown piece."""
    starts = [0]
    for piece in pieces:
        starts.append(starts[-1] + len(piece))
    doubts = [p not in _USUAL and (len(p) == 1 or not known(p)) for p in pieces]
    found = []
    for i in range(len(pieces)):
        for j in range(i + 1, len(pieces) + 1):
            start, end = starts[i], starts[j]
            whole = i == 0 and j == len(pieces)
            doubtful = any(doubts[i:j])
            if _SHORTEST <= end - start <= _LONGEST and (doubtful or whole or j - i == 2):
                found.append((start, end, doubtful))
    return sorted(found, key=lambda w: (w[0] - w[1], w[0]))


def _codes(words: list[str], length: int) -> npt.NDArray[np.uint32]:
    joined = "".join(words).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(joined, np.uint32).reshape(len(words), length)


def _one_apart(longer: npt.NDArray[np.uint32], own: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Rows that equal ``own`` after dropping one of their characters."""
    size = own.shape[1]
    lead = np.cumprod(longer[:, :size] == own, axis=1).sum(axis=1)
    trail = np.cumprod((longer[:, 1:] == own)[:, ::-1], axis=1).sum(axis=1)
    result: npt.NDArray[np.bool_] = (lead + trail >= size) & (lead > 0) & (trail > 0)
    return result
