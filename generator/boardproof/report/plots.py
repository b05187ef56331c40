"""Pictures as <svg> elements in the colours of the page: points and lines over two axes, and boxes in a plane.

All text goes through ElementTree, so that no name can become markup.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from boardproof.report.wording import number

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH = 480
_LETTER = 6.6  # about the width of one, at the page's 12 px
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 26, 40
_TICKS = 6
COLOURS = 6
"""How many colours a page has; the next one is the first again."""


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one kind.

    Attributes:
        name: For the legend; "" for none.
        points: (x, y) each.
        labels: A text beside each point; empty for none.
        tips: A text for each point, shown where it is pointed at; empty for the labels.
        line: Join the points; otherwise they are dots.
        colour: Which of the page's colours, from 1 on.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    labels: tuple[str, ...] = ()
    line: bool = True
    colour: int = 1
    tips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in a plane, with what it is: `name` is in it where there is room, `label` shows when pointed at."""

    x: tuple[float, float]
    y: tuple[float, float]
    label: str
    colour: int = 1
    name: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: what it shows, from where to where. `log`: each tick multiplies; `whole`: ticks are whole numbers."""

    title: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    def place(self, value: float) -> float:
        """Where a value is, from 0 to 1."""
        low, high, value = (math.log10(max(v, 1e-12)) if self.log else v for v in (self.low, self.high, value))
        return (value - low) / (high - low) if high > low else 0.5

    def ticks(self) -> list[float]:
        """Round values along the axis."""
        if self.log:
            first, last = math.floor(math.log10(max(self.low, 1e-12))), math.ceil(math.log10(max(self.high, 1e-12)))
            steps = (1, 2, 5) if last - first <= _TICKS // 2 else (1,)
            values = [s * 10.0**e for e in range(first, last + 1) for s in steps]
        else:
            step = round_step((self.high - self.low) / _TICKS)
            step = max(1.0, step) if self.whole else step
            values = [step * i for i in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]
        return [value for value in values if self.low <= value <= self.high]


def round_step(rough: float) -> float:
    """The next of 1, 2 and 5 times a power of ten that is not below."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))


def axis_for(title: str, values: Sequence[float], *, log: bool = False, from_zero: bool = False) -> Axis:
    """An axis on which all values have room."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if log:
        return Axis(title, low / 1.3, high * 1.3, log=True)
    margin = 0.05 * (high - low) or abs(high) * 0.05 or 1.0
    return Axis(title, 0.0 if from_zero else low - margin, high + margin)


def plot(series: Sequence[Series], x: Axis, y: Axis, *, height: int = 300) -> str:
    """Lines and dots over two axes, with a legend where they have names."""
    canvas = _Canvas(x, y, height)
    canvas.axes()
    for one in series:
        places = [canvas.at(*point) for point in one.points]
        colour = _colour(one.colour)
        if one.line and places:
            path = " ".join(f"{px:.1f},{py:.1f}" for px, py in places)
            canvas.add("polyline", points=path, fill="none", stroke=colour, stroke_width="2", stroke_linejoin="round")
        for position, (px, py) in enumerate(places):
            if one.line and not one.labels:
                continue
            dot = canvas.add("circle", cx=px, cy=py, r=4, fill=colour)
            if tips := one.tips or one.labels:
                ET.SubElement(dot, "title").text = tips[position]
            if one.labels:
                _label(canvas, px, py, one.labels[position])
    canvas.legend([(one.name, one.colour) for one in series if one.name])
    return canvas.text()


def boxes(found: Sequence[Box], x: Axis, y: Axis, *, legend: Sequence[tuple[str, int]] = (), height: int = 320) -> str:
    """Rectangles over two axes; `legend`: (name, colour) each."""
    canvas = _Canvas(x, y, height)
    for box in found:
        left, bottom = canvas.at(box.x[0], box.y[0])
        right, top = canvas.at(box.x[1], box.y[1])
        shape = {"x": left, "y": top, "width": max(right - left, 0.5), "height": max(bottom - top, 0.5)}
        colour = _colour(box.colour)
        one = canvas.add("rect", **shape, fill=colour, fill_opacity="0.55", stroke="var(--paper)", stroke_width="0.7")
        ET.SubElement(one, "title").text = box.label
        if box.name and right - left > _LETTER * len(box.name) and bottom - top > 2 * _LETTER:
            canvas.write(box.name, (left + right) / 2, (top + bottom) / 2 + 4, anchor="middle")
    canvas.axes()
    canvas.legend(legend)
    return canvas.text()


def _label(canvas: _Canvas, px: float, py: float, text: str) -> None:
    """Beside a point, on the side that has room."""
    near_the_end = px > _WIDTH - _RIGHT - _LETTER * len(text)
    canvas.write(text, px - 7 if near_the_end else px + 7, py - 6, anchor="end" if near_the_end else "start")


def _colour(which: int) -> str:
    return f"var(--c{(which - 1) % COLOURS + 1})"


class _Canvas:
    """An <svg> element with a plane in it."""

    def __init__(self, x: Axis, y: Axis, height: int) -> None:
        self._x, self._y, self._height = x, y, height
        box = f"0 0 {_WIDTH} {height}"
        self._root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": box})

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the plane is in the picture."""
        width, height = _WIDTH - _LEFT - _RIGHT, self._height - _TOP - _BOTTOM
        return _LEFT + width * self._x.place(x), _TOP + height * (1 - self._y.place(y))

    def add(self, tag: str, **attributes: float | str) -> ET.Element:
        """An element; underscores in names stand for hyphens, numbers are rounded to a tenth."""
        plain = {
            name.replace("_", "-"): value if isinstance(value, str) else f"{value:.1f}"
            for name, value in attributes.items()
        }
        return ET.SubElement(self._root, tag, plain)

    def write(self, text: str, x: float, y: float, *, anchor: str, soft: bool = False) -> None:
        """A text at a place of the picture."""
        element = self.add("text", x=x, y=y, text_anchor=anchor)
        element.text = text
        if soft:
            element.set("class", "soft")

    def axes(self) -> None:
        """Both axes with their ticks and titles."""
        left, bottom = _LEFT, self._height - _BOTTOM
        right = _WIDTH - _RIGHT
        for value in self._y.ticks():
            y = self.at(self._x.low, value)[1]
            self.add("line", x1=left, x2=right, y1=y, y2=y, stroke="var(--line)")
            self.write(number(value), left - 6, y + 4, anchor="end", soft=True)
        for value in self._x.ticks():
            x = self.at(value, self._y.low)[0]
            self.add("line", x1=x, x2=x, y1=bottom, y2=bottom + 4, stroke="var(--soft)")
            self.write(number(value), x, bottom + 16, anchor="middle", soft=True)
        self.add("line", x1=left, x2=right, y1=bottom, y2=bottom, stroke="var(--soft)")
        self.write(self._x.title, (left + right) / 2, self._height - 6, anchor="middle", soft=True)
        middle = (_TOP + bottom) / 2
        self.write(self._y.title, 12, middle, anchor="middle", soft=True)
        self._root[-1].set("transform", f"rotate(-90 12 {middle:.1f})")

    def legend(self, entries: Sequence[tuple[str, int]]) -> None:
        """Names with their colours, in a row above the plane."""
        x = float(_LEFT)
        for name, colour in entries:
            self.add("rect", x=x, y=7, width=9, height=9, fill=_colour(colour))
            self.write(name, x + 13, 16, anchor="start")
            x += 13 + _LETTER * len(name) + 12

    def text(self) -> str:
        """The element."""
        return ET.tostring(self._root, encoding="unicode")
