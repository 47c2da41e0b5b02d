"""One measured figure and the budget it stands against."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Figure:
    """A value with its unit; `at_most` or `at_least` is the budget of the design, where there is one."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def held(self) -> bool | None:
        """Whether the budget holds; None where there is none."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return None if self.at_least is None else self.value >= self.at_least

    @property
    def budget_text(self) -> str:
        """The budget as text, e.g. "<= 12 ms"."""
        if self.at_most is not None:
            return f"<= {self.at_most:g} {self.unit}"
        return "" if self.at_least is None else f">= {self.at_least:g} {self.unit}"

    def of(self, subject: str) -> Figure:
        """The same figure, named after what was measured."""
        return replace(self, name=f"{subject}: {self.name}")
