"""What a user's experiment says: which models, which data, and which variants of them to measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from boardproof.errors import InputError
from boardproof.ladder.space import Search, search_of
from boardproof.ladder.variants import Point, Recipe, Step, Variant
from boardproof.model.schemes import Scheme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boardproof.ladder.data import Data

    Build = Callable[..., Any]
    Train = Callable[..., Any]
    Metric = Callable[[Any, Any], float]

_INT8, _INT8X4 = Scheme.INT8.value, Scheme.INT8X4.value


class Ladder:
    """The variants of one experiment.

    Args:
        data: Gives the data; called once in each process, with the same result.
        train: Compiles and fits a model in place: train(model, data, *, epochs, callbacks=()).
        epochs: Of a model's training.
        finetune: Epochs of each technique that trains.
        seeds: Each variant is trained so many times, with the seeds 0, 1, …; the table shows mean and spread.
        metric: metric(labels, outputs) → a number, for what is neither classification nor regression.
        higher_is_better: Of that metric.

    Raises:
        InputError: Numbers that mean nothing.
    """

    def __init__(
        self,
        *,
        data: Callable[[], Data],
        train: Train | None = None,
        epochs: int = 10,
        finetune: int = 3,
        seeds: int = 1,
        metric: Metric | None = None,
        higher_is_better: bool = True,
    ) -> None:
        for name, value in (("epochs", epochs), ("finetune", finetune), ("seeds", seeds)):
            if not isinstance(value, int) or value < 1:
                raise InputError(f"Ladder({name}={value!r}) is not possible.", f"Give {name} as 1 or more.")
        self.data = data
        self.train = train
        self.epochs = epochs
        self.finetune = finetune
        self.seeds = seeds
        self.metric = metric
        self.higher_is_better = higher_is_better
        self.builders: dict[str, Build] = {}
        self.searches: dict[str, Search] = {}
        self._variants: dict[tuple[Recipe, str], Variant] = {}

    def model(self, build: Build) -> Entry:
        """A model of the experiment, by the function that builds it; untrained, uncompiled."""
        return Entry(self, Recipe(self._named(build), (Step("train", self.epochs),)))

    def search(
        self,
        build: Build,
        space: Mapping[str, Sequence[str | int | float | bool]],
        *,
        trials: int = 200,
        objectives: Sequence[str] = ("accuracy", "flash", "ticks"),
        scheme: str = _INT8,
    ) -> None:
        """A search over architectures: points of the space, chosen by what came of those before; a row for each.

        Args:
            build: Builds a model: build(**point); untrained, uncompiled.
            space: The values that each of its parameters may have.
            trials: How many points are chosen.
            objectives: What is weighed: "accuracy" (the score, whatever its metric), "flash", "ram", "arena", "ticks",
                "parameters", "macs".
            scheme: In which all are measured.

        Raises:
            InputError: Such a search is not possible.
        """
        if self.train is None:
            raise InputError("search() trains, and there is no train function.", "Give one: Ladder(train=…).")
        found = search_of(space, trials, objectives, check_scheme(scheme))
        name = self._named(build)
        if name in self.searches:
            raise InputError(f"{name} is searched twice.", "Give one search a space that holds both.")
        self.searches[name] = found

    def add_point(self, name: str, point: Point) -> Recipe:
        """The row of a point that a search chose; gives its recipe with seed 0."""
        recipe = Recipe(name, (Step("train", self.epochs),), point=point)
        self.add(recipe, self.searches[name].scheme, None)
        return recipe

    @property
    def variants(self) -> tuple[Variant, ...]:
        """All that was asked for, in that order, each once, with the controls; one for each seed."""
        return tuple(
            replace(
                variant,
                recipe=_seeded(variant.recipe, seed),
                control=None if variant.control is None else _seeded(variant.control, seed),
            )
            for variant in self._variants.values()
            for seed in range(self.seeds)
        )

    def add(self, recipe: Recipe, scheme: str, control: Recipe | None) -> None:
        """A row of the table, after its control's."""
        if control is not None:
            self._variants.setdefault((control, scheme), Variant(control, scheme))
        self._variants.setdefault((recipe, scheme), Variant(recipe, scheme, control))

    def _named(self, build: Build) -> str:
        name: str = getattr(build, "__name__", "")
        if not name.isidentifier() or self.builders.get(name, build) is not build:
            raise InputError(
                f"A ladder cannot call a model {name or build!r}.",
                "Give a function with a name of its own: it names the model in the table.",
            )
        self.builders[name] = build
        return name


class Entry:
    """A model, trained and perhaps changed: what its methods add to the ladder is measured.

    Each technique gives the changed model, whose methods add further steps.
    """

    def __init__(self, ladder: Ladder, recipe: Recipe) -> None:
        self._ladder = ladder
        self._recipe = recipe

    @property
    def recipe(self) -> Recipe:
        """How it comes about."""
        return self._recipe

    def quantize(self, *schemes: str) -> Entry:
        """A row for each scheme: "int8", "int8x4", "int16x8", "dynamic", "float16", "float32"."""
        for scheme in schemes:
            check_scheme(scheme)
            if (learned := _learned(self._recipe)) not in {None, scheme}:
                raise InputError(
                    f"{self._recipe.label} was trained for {learned}: {scheme} would leave what it learned.",
                    "Quantize the model without qat() in other schemes.",
                )
            self._ladder.add(self._recipe, scheme, self._control())
        return self

    def qat(self, *, bits: int = 8, epochs: int | None = None) -> Entry:
        """Quantization-aware training, as the last step: a row in int8, or in int8x4 with weights of 4 `bits`."""
        return self._with("qat", epochs, bits=bits)

    def prune(
        self,
        sparsity: float | None = None,
        *,
        pattern: tuple[int, int] | None = None,
        scope: str = "layer",
        block: tuple[int, int] = (1, 1),
        epochs: int | None = None,
    ) -> Entry:
        """Magnitude pruning to a share of zeros, or to n of m weights; channels that are all zero are removed."""
        if (sparsity is None) == (pattern is None):
            raise InputError(
                "prune() takes a sparsity or a pattern.", "For example prune(0.8), or prune(pattern=(2, 4))."
            )
        return self._with("prune", epochs, sparsity=sparsity, pattern=pattern, scope=scope, block=block)

    def shrink(
        self,
        fraction: float | Mapping[str, float] | None = None,
        *,
        flash: int | None = None,
        ticks: int | None = None,
        steps: int = 2,
        multiple: int = 4,
        scope: str = "layer",
        by: str = "weights",
        taught: bool = False,
        epochs: int | None = None,
    ) -> Entry:
        """Structured pruning: a fraction of all channels, or as many as it takes to fit a budget on the board.

        Args:
            fraction: Of the channels, above 0 and below 1; or by the layer's name.
            flash: Bytes of flash that the firmware may take, in int8.
            ticks: What an inference may take, in the board's unit.
            steps: Channels go in so many steps, with training in between.
            multiple: Widths stay multiples of this.
            scope: "layer", the fraction of each layer; or "global", of all channels: some layers lose more than others.
            by: What channels are worth: "weights", their norm; or "samples", what they give to the layers behind them
                on the representative samples.
            taught: The model as it was before teaches what is left of it, as distill() does with its defaults.
            epochs: Of all steps together.
        """
        if (fraction is None) == (flash is None and ticks is None):
            raise InputError(
                "shrink() takes a fraction or a budget.",
                "Such as shrink(0.5), or shrink(flash=64_000).",
            )
        if by not in {"weights", "samples"}:
            raise InputError(f"Channels cannot be judged by {by}.", 'Choose by="weights" or by="samples".')
        options = {"flash": flash, "ticks": ticks, "steps": steps, "multiple": multiple, "scope": scope, "by": by}
        fractions = tuple(fraction.items()) if isinstance(fraction, Mapping) else fraction
        return self._with("shrink", epochs, fraction=fractions, **options, taught=taught)

    def distill(self, teacher: Entry, *, temperature: float = 2.0, alpha: float = 0.5) -> Entry:
        """Trained anew, beside the labels from a teacher's outputs; as long as without it."""
        if len(self._recipe.steps) != 1:
            raise InputError(
                f"{self._recipe.label} cannot be distilled: it is trained already.",
                "Distil what ladder.model() gives, and change it after that.",
            )
        options = (("temperature", float(temperature)), ("alpha", float(alpha)))
        step = Step("distill", self._ladder.epochs, options, teacher.recipe)
        return self._add(Recipe(self._recipe.model, (step,)), self._recipe)

    def _with(self, technique: str, epochs: int | None, **options: Any) -> Entry:  # noqa: ANN401
        if self._has("qat"):
            raise InputError(
                f"{self._recipe.label} is quantized: {technique} does not come after it.", "Let qat() be the last step."
            )
        if self._ladder.train is None:
            raise InputError(f"{technique} trains, and there is no train function.", "Give one: Ladder(train=…).")
        usual = self._ladder.finetune
        if epochs not in {None, usual}:
            options["epochs"] = epochs
        step = Step(technique, usual if epochs is None else epochs, tuple(options.items()))
        recipe = self._recipe.then(step)
        return self._add(recipe, _control_of(recipe))

    def _add(self, recipe: Recipe, control: Recipe | None) -> Entry:
        self._ladder.add(recipe, _learned(recipe) or _INT8, control)
        return Entry(self._ladder, recipe)

    def _has(self, technique: str) -> bool:
        return any(step.technique == technique for step in self._recipe.steps)

    def _control(self) -> Recipe | None:
        first, *others = self._recipe.steps or (None,)
        if others:
            return _control_of(self._recipe)
        if first is not None and first.technique == "distill":
            return Recipe(self._recipe.model, (Step("train", first.epochs),))
        return None


def check_scheme(scheme: str) -> str:
    """A scheme by its name. Raises InputError where there is none."""
    known = [one.value for one in Scheme]
    if scheme not in known:
        raise InputError(f"There is no scheme {scheme!r}.", f"Choose from: {', '.join(known)}.")
    return scheme


def _learned(recipe: Recipe) -> str | None:
    """The scheme that quantization-aware training was for; None without it."""
    bits = [step.option("bits") for step in recipe.steps if step.technique == "qat"]
    return (_INT8 if bits == [8] else _INT8X4) if bits else None


def _control_of(recipe: Recipe) -> Recipe:
    """The same model, trained as long without the techniques."""
    first, *others = recipe.steps
    return Recipe(recipe.model, (first, Step("train", sum(step.epochs for step in others))))


def _seeded(recipe: Recipe, seed: int) -> Recipe:
    """The recipe with a seed, its teachers too."""

    def taught(step: Step) -> Step:
        return step if step.teacher is None else replace(step, teacher=_seeded(step.teacher, seed))

    return replace(recipe, steps=tuple(taught(step) for step in recipe.steps), seed=seed)
