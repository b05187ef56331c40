"""What an experiment adds up to: rows, controls, jobs, and the keys of their results."""

from __future__ import annotations

import textwrap
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.ladder import Data, Ladder
from boardproof.ladder.checks import check_model
from boardproof.ladder.loading import Experiment, Source, load_experiment
from boardproof.ladder.plan import plan
from boardproof.ladder.variants import Bench


def arrays(count: int = 8, shape=(4,)):
    return np.zeros((count, *shape), np.float32), np.arange(count) % 2


def some_data() -> Data:
    return Data(train=arrays(), validation=arrays(), test=arrays())


def large():
    raise AssertionError("planning builds no model")


def light():
    raise AssertionError("planning builds no model")


def a_ladder(**options) -> Ladder:
    return Ladder(data=some_data, train=lambda *_, **__: None, epochs=6, finetune=2, **options)


def labels(ladder: Ladder) -> list[str]:
    return [variant.label for variant in ladder.variants]


def planned(ladder: Ladder, only: str = "*"):
    return plan(Experiment("experiment", ladder, some_data().checked(), "f" * 64), Bench(), only)


def test_every_technique_stands_behind_its_control():
    ladder = a_ladder()
    big, small = ladder.model(large), ladder.model(light)
    big.quantize("float32", "int8")
    big.qat()
    big.shrink(0.5).qat()
    big.prune(pattern=(2, 4), epochs=3)
    small.distill(big).quantize("int16x8")
    assert labels(ladder) == [
        "large, float32",
        "large, int8",
        "large, +2 epochs, int8",
        "large, qat, int8",
        "large, shrink 50%, int8",
        "large, +4 epochs, int8",
        "large, shrink 50%, qat, int8",
        "large, +3 epochs, int8",
        "large, prune 2:4 3 epochs, int8",
        "light, int8",
        "light, distilled from large, int8",
        "light, int16x8",
        "light, distilled from large, int16x8",
    ]
    of = {variant.label: variant.control and variant.control.label for variant in ladder.variants}
    assert of["large, shrink 50%, qat, int8"] == "large, +4 epochs"
    assert of["light, distilled from large, int8"] == "light"
    assert of["large, int8"] is None
    trained = {variant.label: variant.recipe.epochs for variant in ladder.variants}
    assert trained["large, shrink 50%, qat, int8"] == trained["large, +4 epochs, int8"] == 10


def test_what_differs_has_a_label_that_differs():
    ladder = a_ladder()
    big, small = ladder.model(large), ladder.model(light)
    made = [
        big.prune(0.5),
        big.prune(0.5, epochs=4),
        big.prune(0.5, scope="global"),
        big.prune(0.5, block=(4, 1)),
        big.prune(0.555),
        big.qat(),
        big.qat(bits=4),
        big.shrink(0.5),
        big.shrink(0.5, steps=1),
        big.shrink(0.5, multiple=8),
        big.shrink(flash=64_000, ticks=900),
        big.shrink({"conv": 0.25, "dense": 0.75}),
        big.shrink(0.5, scope="global", by="samples", taught=True),
        small.distill(big),
        small.distill(big, alpha=0.9),
        small.distill(big, temperature=4),
        small.distill(big.shrink(0.5)),
    ]
    found = [entry.recipe.label for entry in made]
    assert len(set(found)) == len(found)
    assert found[1:5] == [
        "large, prune 50% 4 epochs",
        "large, prune 50% global",
        "large, prune 50% 4x1 blocks",
        "large, prune 55.5%",
    ]
    assert found[8:13] == [
        "large, shrink 50% in 1 step",
        "large, shrink 50% to multiples of 8",
        "large, shrink to 64,000 flash to 900 ticks",
        "large, shrink conv 25% dense 75%",
        "large, shrink 50% global by samples taught by the whole",
    ]
    assert found[15:] == ["light, distilled from large temperature 4.0", "light, distilled from large, shrink 50%"]


def test_each_seed_is_a_variant_with_a_control_of_the_same_seed():
    ladder = a_ladder(seeds=2)
    big = ladder.model(large)
    ladder.model(light).distill(big)
    seeds = [(v.recipe.seed, v.control and v.control.seed, v.recipe.steps[-1].teacher) for v in ladder.variants]
    assert [(seed, control) for seed, control, _ in seeds] == [(0, None), (1, None), (0, 0), (1, 1)]
    assert [teacher.seed for _, _, teacher in seeds if teacher] == [0, 1]


def test_parents_and_teachers_come_before_what_goes_on_from_them():
    ladder = a_ladder()
    big = ladder.model(large)
    big.shrink(0.5).qat()
    ladder.model(light).distill(big)
    jobs = planned(ladder).jobs
    seen: set[str] = set()
    for job in jobs:
        assert set(job.needs) <= seen
        seen.add(job.key)
    assert [job.label for job in jobs if job.variant is None] == ["training large", "training large, shrink 50%"]
    distilled = next(job for job in jobs if "distilled" in job.label)
    assert distilled.needs == (jobs[0].key,)


def test_only_what_matches_with_its_control():
    ladder = a_ladder()
    big = ladder.model(large)
    big.quantize("float32")
    big.qat()
    big.prune(0.5)
    rows = planned(ladder, "*qat*").rows
    assert [row.variant.label for row in rows] == ["large, +2 epochs, int8", "large, qat, int8"]
    assert rows[1].control == rows[0].key
    with pytest.raises(InputError) as caught:
        planned(ladder, "*q4*")
    assert caught.value.message == "No variant matches *q4*."
    assert "large, prune 50%, int8" in caught.value.details


def test_a_key_is_of_everything_that_decides_the_result():
    ladder = a_ladder(seeds=2)
    ladder.model(large).prune(0.5)
    data = some_data().checked()
    base = Experiment("experiment", ladder, data, "a")
    keys = [
        row.key
        for experiment, bench in (
            (base, Bench()),
            (Experiment("experiment", ladder, data, "b"), Bench()),
            (base, Bench(board="native")),
            (base, Bench(runtime="tflm")),
            (base, Bench(proven=7)),
        )
        for row in plan(experiment, bench).rows
    ]
    assert len(set(keys)) == len(keys) == 20
    assert [row.key for row in plan(base, Bench()).rows] == keys[:4]


@pytest.mark.parametrize(
    ("make", "message", "hint"),
    [
        (lambda big: big.quantize("int4"), "There is no scheme 'int4'.", "Choose from: int8"),
        (lambda big: big.qat().prune(0.5), "large, qat is quantized: prune does not come after it.", "the last step"),
        (lambda big: big.qat().quantize("int16x8"), "large, qat was trained for int8", "without qat()"),
        (lambda big: big.qat(bits=4).quantize("int8"), "qat 4-bit weights was trained for int8x4", "without qat()"),
        (lambda big: big.prune(), "prune() takes a sparsity or a pattern.", "prune(0.8)"),
        (lambda big: big.prune(0.5, pattern=(2, 4)), "prune() takes a sparsity or a pattern.", "prune(0.8)"),
        (lambda big: big.shrink(0.5, by="luck"), "Channels cannot be judged by luck.", 'by="samples"'),
        (lambda big: big.shrink(), "shrink() takes a fraction or a budget.", "shrink(0.5)"),
        (
            lambda big: big.prune(0.5).distill(big),
            "large, prune 50% cannot be distilled: it is trained",
            "ladder.model()",
        ),
    ],
)
def test_what_makes_no_sense_is_told_where_it_is_written(make, message, hint):
    with pytest.raises(InputError) as caught:
        make(a_ladder().model(large))
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_techniques_need_a_train_function_and_models_a_name():
    with pytest.raises(InputError) as caught:
        Ladder(data=some_data).model(large).qat()
    assert caught.value.message == "qat trains, and there is no train function."
    with pytest.raises(InputError) as caught:
        a_ladder().model(lambda: None)
    assert "names the model in the table" in caught.value.hint
    with pytest.raises(InputError) as caught:
        a_ladder(seeds=0)
    assert caught.value.message == "Ladder(seeds=0) is not possible."


CODE = """
    import numpy as np
    from boardproof.ladder import Data, Ladder
    import helper

    def data():
        x = np.full((8, 4), helper.VALUE, np.float32)
        return Data(train=(x, np.arange(8)), validation=(x, np.arange(8)), test=(x, np.arange(8)))

    def large():
        return 1

    def train(model, data, *, epochs, callbacks=()):
        pass

    ladder = Ladder(data=data, train=train)
    big = ladder.model(large)
    big.quantize("int8")
"""


def fingerprint(folder, code: str = CODE, helper: str = "VALUE = 1.0\n", module: str = "helper") -> str:
    path = folder / "experiment.py"
    path.write_text(textwrap.dedent(code).replace("helper", module))
    (folder / f"{module}.py").write_text(helper)
    return load_experiment(Source(path)).fingerprint


def test_new_variants_and_comments_change_no_result(tmp_path):
    first = fingerprint(tmp_path, module="helper_a")
    more = CODE + "    half = big.shrink(0.5)\n    half.qat()\n    for f in (0.2, 0.8):\n        big.prune(f)  # two\n"
    assert fingerprint(tmp_path, more, module="helper_a") == first


def test_code_of_functions_modules_and_data_change_all_results(tmp_path):
    first = fingerprint(tmp_path, module="helper_b")
    assert fingerprint(tmp_path, CODE.replace("return 1", "return 2"), module="helper_b") != first
    assert fingerprint(tmp_path, CODE + "    print()\n", module="helper_b") != first
    assert fingerprint(tmp_path, module="helper_c", helper="VALUE = 1.0\nOTHER = 1\n") != first
    assert fingerprint(tmp_path, CODE.replace("(8, 4)", "(8, 5)"), module="helper_b") != first


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("1 / 0", "In experiment.py, it raised ZeroDivisionError: division by zero", "where it was raised follows"),
        ("raise SystemExit", "In experiment.py, it raised SystemExit", "Correct it there"),
        ("x = 1", "experiment.py makes no ladder.", "ladder = Ladder("),
        (CODE.replace('    big.quantize("int8")\n', ""), "The ladder in experiment.py has no variants.", "quantize"),
        (
            CODE.replace("helper.VALUE", "1.0").replace("return Data", "return dict"),
            "data() in experiment.py gave dict.",
            "Data(",
        ),
        (CODE.replace("np.full", "np.fill"), "In experiment.py, data() raised AttributeError", "Correct it there"),
        (
            CODE.replace("test=(x, np.arange(8))", "test=(x, np.arange(7))"),
            "test holds 8 samples and 7 labels",
            "in the same order",
        ),
        (CODE.replace("test=(x,", "test=(x[:, :2],"), "A sample of test has shape [2], one of train [4].", "alike"),
        (
            CODE.replace("test=(x, np.arange(8))", "test=x"),
            "The data's test is not a pair of inputs and labels.",
            "test=(x, y)",
        ),
        (CODE.replace("test=(x, np.arange(8))", "test=(x[:0], x[:0])"), "The data's test is empty.", "number is part"),
        (CODE.replace("helper.VALUE", "np.nan"), "The data's train holds inputs that are no finite numbers.", "NaN"),
    ],
)
def test_an_experiment_that_is_none_says_why(tmp_path, code, message, hint):
    with pytest.raises(InputError) as caught:
        fingerprint(tmp_path, textwrap.dedent(code), module="helper_d")
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_where_it_raised_is_in_the_details(tmp_path):
    with pytest.raises(InputError) as caught:
        fingerprint(tmp_path, "def deep():\n    1 / 0\ndeep()\n")
    assert "in deep" in caught.value.details


DIGITS = Path(__file__).parents[2] / "examples" / "digits"


def test_a_models_file_is_an_experiment_of_schemes():
    data = DIGITS / "digits_representative.npz", DIGITS / "digits_test.npz"
    found = load_experiment(Source(DIGITS / "digits.keras", *data, ("int8", "dynamic")))
    assert labels(found.ladder) == ["digits, int8", "digits, dynamic"]
    assert found.data.test.x.shape == (360, 8, 8, 1)
    assert found.data.representative.shape == (200, 8, 8, 1)
    assert [job.needs for job in plan(found, Bench()).jobs] == [(), ()]
    assert found.ladder.builders["digits"]().count_params() == 4226
    again = load_experiment(Source.from_json(Source(DIGITS / "digits.keras", *data, ("int8",)).to_json()))
    assert again.fingerprint == found.fingerprint
    assert labels(again.ladder) == ["digits, int8"]


def test_files_that_are_not_there_or_have_no_samples(tmp_path):
    with pytest.raises(InputError) as caught:
        load_experiment(Source(tmp_path / "none.py"))
    assert "There is no file" in caught.value.message
    (tmp_path / "model.keras").write_bytes(b"x")
    with pytest.raises(InputError) as caught:
        load_experiment(Source(tmp_path / "model.keras"))
    assert "A ladder of model.keras needs data" in caught.value.message
    assert "--representative" in caught.value.hint


def a_model(inputs, outputs):
    made = (
        [SimpleNamespace(name=f"t{i}", shape=shape) for i, shape in enumerate(shapes)] for shapes in (inputs, outputs)
    )
    return SimpleNamespace(**dict(zip(("inputs", "outputs"), made, strict=True)))


@pytest.mark.parametrize(
    ("model", "message", "hint"),
    [
        (object(), "net() gave object, which is no Keras model whose layers are known.", "keras.Input"),
        (SimpleNamespace(inputs=None, outputs=None), "net() gave SimpleNamespace, which is no Keras", "keras.Input"),
        (
            a_model([(None, 4)] * 2, [(None, 2)]),
            "net() has 2 inputs (t0, t1); the data's x has 1 array (x).",
            "a list of arrays",
        ),
        (a_model([(None, 5)], [(None, 2)]), "net() takes inputs of shape [5]; a sample has [4].", "keras.Input(shape)"),
        (a_model([(None, 2, 2)], [(None, 2)]), "net() takes inputs of shape [2, 2]; a sample has [4].", "reshape"),
    ],
)
def test_a_model_that_a_ladder_cannot_measure_is_told(model, message, hint):
    with pytest.raises(InputError) as caught:
        check_model("net()", model, {"x": (4,)})
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_model_with_open_axes_takes_any_size():
    check_model("net()", a_model([(None, None, 3)], [(None, 2)]), {"x": (17, 3)})


def test_several_inputs_are_matched_by_name_or_in_order():
    model = a_model([(None, 4), (None, 2)], [(None, 2)])
    check_model("net()", model, {"t1": (2,), "t0": (4,)})
    check_model("net()", model, {"x0": (4,), "x1": (2,)})
    with pytest.raises(InputError) as caught:
        check_model("net()", model, {"x0": (2,), "x1": (4,)})
    assert caught.value.message == "net() takes inputs of shape [4]; a sample has [2]."
    with pytest.raises(InputError) as caught:
        check_model("net()", model, {"t0": (4,), "picture": (2,)})
    assert caught.value.message == "net() has inputs t0, t1; the data's x has t0, picture."
    assert caught.value.hint == "Name the arrays as the model's inputs, or give a list of arrays in their order."
