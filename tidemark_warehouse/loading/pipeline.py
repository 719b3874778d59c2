"""Work ahead in a thread, so that reading and writing overlap."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

DEPTH = 2
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class _End:
    """The last thing in the queue: why there is no more."""

    error: BaseException | None


class _Ahead(Generic[Item]):
    def __init__(self, items: Iterable[Item]) -> None:
        self._items = items
        self._queue: queue.Queue[Item | _End] = queue.Queue(DEPTH)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tidemark-load", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def __iter__(self) -> Iterator[Item]:
        while True:
            item = self._queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items:
                self._put(item)
                if self._stopped.is_set():
                    return
        except BaseException as raised:
            error = raised
        self._put(_End(error))

    def _put(self, item: Item | _End) -> None:
        while not self._stopped.is_set():
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return


@contextmanager
def ahead(items: Iterable[Item]) -> Iterator[Iterable[Item]]:
    """Go through items that a thread makes, at most a few ahead.

    What the thread raises is raised here. At the end of the context the thread has ended.
    """
    worker = _Ahead(items)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
