"""The techniques by name. A new one: a module here, a line below, a method of `experiment.Entry`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.ladder.techniques.distilling import distill
from boardproof.ladder.techniques.pruning import prune
from boardproof.ladder.techniques.qat import qat
from boardproof.ladder.techniques.shrinking import shrink
from boardproof.ladder.techniques.training import train

if TYPE_CHECKING:
    from boardproof.ladder.techniques.base import Technique

TECHNIQUES: dict[str, Technique] = {"train": train, "qat": qat, "prune": prune, "shrink": shrink, "distill": distill}
