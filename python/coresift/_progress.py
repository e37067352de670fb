"""Progress: told to a callable, or drawn by tqdm where that is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Callback = Callable[[str, int, "int | None"], object]


@contextmanager
def of(progress: bool | Callback) -> Iterator[Callback | None]:
    """Whom to tell: nobody, a callable of (what, done, total), or a bar."""
    if callable(progress):
        yield progress
    elif not progress:
        yield None
    else:
        with _bar() as tell:
            yield tell


@contextmanager
def _bar() -> Iterator[Callback]:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield _line
        print(file=sys.stderr)
        return
    bars: dict[str, Any] = {}

    def tell(what: str, done: int, total: int | None) -> None:
        if what not in bars:
            bars[what] = tqdm(total=total, desc=what, leave=False)
        bar = bars[what]
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield tell
    finally:
        for bar in bars.values():
            bar.close()


def _line(what: str, done: int, total: int | None) -> None:
    of_total = "" if total is None else f" of {total}"
    print(f"\r{what}: {done}{of_total}", end="", file=sys.stderr)
