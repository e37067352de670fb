from collections.abc import Callable
from typing import Any

Told = Callable[[str, int, int | None], object] | None

version: str

class DeviceLost(RuntimeError):
    partial: Any

class Interrupted(RuntimeError):
    missing: range
    partial: Any

class Pool:
    def __new__(cls, source: dict[str, Any], terms: dict[str, Any]) -> Pool: ...
    @staticmethod
    def of_workers(source: dict[str, Any], terms: dict[str, Any], carrier: Any, workers: int) -> Pool: ...
    @property
    def traffic(self) -> tuple[int, int, int] | None: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def rows(self) -> int: ...
    @property
    def device(self) -> str: ...
    def close(self) -> None: ...
    def select(
        self,
        options: dict[str, Any],
        given: dict[str, Any],
        budget: int,
        weights: str | None,
        progress: Told,
    ) -> dict[str, Any]: ...

class Worker:
    def __new__(cls, n_jobs: int | None = None) -> Worker: ...
    def call(self, message: bytes) -> bytes: ...
    def close(self) -> None: ...

def shape(source: dict[str, Any]) -> tuple[int, int]: ...
def plan(
    source: dict[str, Any],
    terms: dict[str, Any],
    options: dict[str, Any],
    given: dict[str, Any],
    budget: int,
    measure: bool,
) -> str: ...
def evaluate(pool: Pool, selections: list[Any], terms: dict[str, Any]) -> str: ...
def compare(
    pool: Pool,
    contenders: list[tuple[str, dict[str, Any]]],
    labels: Any,
    splits: tuple[list[int], int, int],
    progress: Told,
) -> str: ...
def duplicates(
    pool: Pool, threshold: float, give: str, priority: Any, labelled: Any, progress: Told
) -> list[bytearray]: ...
