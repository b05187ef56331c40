"""Limits and baselines, on report dictionaries."""

from __future__ import annotations

import copy
import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardproof.errors import ExitStatus, InputError
from boardproof.report.limits import (
    QUANTITIES,
    Change,
    check,
    compare,
    compare_operators,
    parse_baseline,
    parse_limits,
)

REPORT = {
    "model": {"sha256": "ab" * 32, "bytes": 53_936},
    "scheme": "int8",
    "runtime": "aot",
    "board": "mps2-an386",
    "flash_bytes": 100_000,
    "ram_bytes": 30_000,
    "arena_bytes": 22_000,
    "arena_lower_bound_bytes": 21_000,
    "stack_bytes": 1_400,
    "ticks": {"unit": "instructions", "median": 4_000_000, "min": 3_999_960, "max": 4_000_040},
    "ops": [
        {"index": 0, "op": "CONV_2D", "ticks": 1_000_000},
        {"index": 1, "op": "DEPTHWISE_CONV_2D", "ticks": 2_000_000},
        {"index": 2, "op": "SOFTMAX", "ticks": 3_000},
    ],
    "verdict": {"oracle": "tflite_micro", "samples": 200, "exact": 200, "max_lsb": 0, "first_bad": None},
    "accuracy": {"float": 0.92, "host": 0.90, "board": 0.90},
}


def report(**changes: object) -> dict[str, object]:
    return {**copy.deepcopy(REPORT), **changes}


def limits(toml: str, board: str = "mps2-an386"):
    return parse_limits(tomllib.loads(toml)["limits"], board)


def violations(toml: str, **changes: object) -> list[str]:
    return [str(violation) for violation in check(report(**changes), limits(toml))]


def test_limits_that_hold():
    assert not violations(
        "[limits]\nflash_bytes = 100000\nram_bytes = 30000\narena_bytes = 22000\nstack_bytes = 1400\n"
        "model_bytes = 53936\nticks = 4000000\nticks_max = 4000040\nmax_lsb = 0\naccuracy_min = 0.9\n"
        "accuracy_drop = 0.021\n"
    )


def test_a_limit_that_does_not_hold_says_by_how_much():
    (violation,) = check(report(), limits("[limits]\nflash_bytes = 98304\nram_bytes = 30000"))
    assert (violation.name, violation.limit, violation.value, violation.excess) == (
        "flash_bytes",
        98_304,
        100_000,
        1_696,
    )
    assert str(violation) == "flash_bytes: 100,000 bytes, 1,696 bytes over the limit of 98,304 bytes"


def test_every_violation_is_reported_not_only_the_first():
    assert len(violations("[limits]\nflash_bytes = 1\nticks = 1\nmax_lsb = 0", verdict={"max_lsb": 3})) == 3


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.name)
def test_every_quantity_holds_at_its_limit_and_not_one_step_beyond(quantity):
    now = report(verdict={"max_lsb": 7})
    value = quantity.find(now)
    step = 1 if quantity.unit else 0.001
    beyond = value + step if quantity.is_minimum else value - step
    assert not check(now, parse_limits({quantity.name: value}, "native"))
    assert [v.name for v in check(now, parse_limits({quantity.name: beyond}, "native"))] == [quantity.name]


def test_too_little_accuracy_is_under_its_limit():
    assert violations("[limits]\naccuracy_min = 0.95") == ["accuracy_min: 0.9, 0.05 under the limit of 0.95"]


def test_an_accuracy_that_rose_is_no_drop():
    assert not violations("[limits]\naccuracy_drop = 0", accuracy={"float": 0.8, "host": 0.9, "board": 0.9})


def test_a_drop_of_a_hundredth_is_not_above_a_hundredth():
    assert 0.9 - 0.89 > 0.01
    assert not violations("[limits]\naccuracy_drop = 0.01", accuracy={"float": 0.9, "host": 0.89, "board": 0.89})


@pytest.mark.parametrize(
    ("toml", "changes", "message"),
    [
        (
            "[limits]\naccuracy_drop = 0.01",
            {"accuracy": None},
            "accuracy_drop: limited to 0.01, but the accuracy is not known: give samples with labels, "
            "and start from a float model",
        ),
        (
            "[limits]\naccuracy_drop = 0.01",
            {"accuracy": {"float": None, "host": 0.9, "board": 0.9}},
            "accuracy_drop: limited to 0.01, but the accuracy is not known: give samples with labels, "
            "and start from a float model",
        ),
        (
            "[limits]\naccuracy_min = 0.9",
            {"accuracy": {"float": 0.9, "host": 0.9, "board": float("nan")}},
            "accuracy_min: limited to 0.9, but the accuracy is not known: give samples with labels",
        ),
        (
            "[limits]\nstack_bytes = 2000",
            {"stack_bytes": None},
            "stack_bytes: limited to 2,000 bytes, but this board does not know its stack's high-water mark",
        ),
    ],
)
def test_what_was_not_measured_does_not_pass_its_limit(toml, changes, message):
    assert violations(toml, **changes) == [message]


def test_a_boards_own_limits_go_before_the_general_ones():
    toml = "[limits]\nflash_bytes = 1\nticks = 2\n[limits.mps2-an386]\nticks = 3\n[limits.native]\nticks = 4\n"
    for board, ticks in (("mps2-an386", 3), ("native", 4), ("nano33ble", 2)):
        assert {limit.quantity.name: limit.value for limit in limits(toml, board)} == {"flash_bytes": 1, "ticks": ticks}


@pytest.mark.parametrize(
    ("toml", "message", "hint"),
    [
        ("limits = 3", "limits in boardproof.toml is 3, not a table.", "Write [limits], and below it name = number."),
        (
            "[limits]\nflash_byte = 1",
            "boardproof.toml has an unknown limit: flash_byte in [limits].",
            "Did you mean flash_bytes?",
        ),
        (
            "[limits]\nblorp = 1",
            "boardproof.toml has an unknown limit: blorp in [limits].",
            "Known: flash_bytes, ram_bytes, arena_bytes, stack_bytes, model_bytes, ticks, ticks_max, max_lsb, "
            "accuracy_min, accuracy_drop.",
        ),
        (
            "[limits.nano33blee]\nticks = 1",
            "boardproof.toml has an unknown board: [limits.nano33blee].",
            "Did you mean nano33ble?",
        ),
        (
            "[limits.nano33ble]\ntick = 1",
            "boardproof.toml has an unknown limit: tick in [limits.nano33ble].",
            "Did you mean ticks?",
        ),
        (
            "[limits]\nticks = '4e6'",
            "The limit ticks in [limits] is the text '4e6'.",
            "Write a number that is not negative, such as ticks = 100000.",
        ),
        (
            "[limits]\naccuracy_drop = true",
            "The limit accuracy_drop in [limits] is true or false.",
            "Write a number that is not negative, such as accuracy_drop = 0.01.",
        ),
        (
            "[limits]\nticks = -1",
            "The limit ticks in [limits] is -1.",
            "Write a number that is not negative, such as ticks = 100000.",
        ),
        (
            "[limits]\nticks = nan",
            "The limit ticks in [limits] is nan.",
            "Write a number that is not negative, such as ticks = 100000.",
        ),
        (
            "[limits]\nticks = [1]",
            "The limit ticks in [limits] is a list.",
            "Write a number that is not negative, such as ticks = 100000.",
        ),
    ],
)
def test_a_slip_in_the_limits(toml, message, hint):
    with pytest.raises(InputError) as caught:
        limits(toml)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.exit_status is ExitStatus.BAD_INPUT


def test_changes_since_the_baseline_absolute_and_in_percent():
    now = report(flash_bytes=110_000, ticks={**REPORT["ticks"], "median": 3_000_000}, stack_bytes=None)
    changes = {change.name: change for change in compare(report(), now)}
    assert list(changes) == [quantity.name for quantity in QUANTITIES]
    assert (changes["flash_bytes"].difference, changes["flash_bytes"].percent) == (10_000, pytest.approx(10.0))
    assert (changes["ticks"].difference, changes["ticks"].percent) == (-1_000_000, pytest.approx(-25.0))
    assert (changes["ram_bytes"].difference, changes["ram_bytes"].percent) == (0, 0.0)
    assert (changes["stack_bytes"].before, changes["stack_bytes"].after) == (1_400, None)
    assert changes["stack_bytes"].difference is None
    assert changes["stack_bytes"].percent is None


def test_a_quantity_that_was_zero_has_no_percentage():
    assert Change("max_lsb", "LSB", 0, 2).percent is None
    assert Change("max_lsb", "LSB", 0, 2).difference == 2


def test_what_neither_report_has_is_left_out():
    names = [change.name for change in compare(report(accuracy=None), report(accuracy=None))]
    assert "accuracy_drop" not in names
    assert "flash_bytes" in names


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"board": "nano33ble"}, "The baseline has another board: mps2-an386, and this report has nano33ble."),
        (
            {"ticks": {**REPORT["ticks"], "unit": "cycles"}},
            "The baseline has another tick unit: instructions, and this report has cycles.",
        ),
    ],
)
def test_reports_that_cannot_be_compared(changes, message):
    with pytest.raises(InputError) as caught:
        compare(report(), report(**changes))
    assert (caught.value.message, caught.value.hint) == (message, "Compare with a report of the same board.")


def test_the_operators_that_changed_most_come_first():
    ops = copy.deepcopy(REPORT["ops"])
    ops[1]["ticks"] += 10
    ops[2]["ticks"] -= 2_000
    changes = compare_operators(report(), report(ops=ops))
    assert [(change.name, change.difference) for change in changes] == [
        ("2 SOFTMAX", -2_000),
        ("1 DEPTHWISE_CONV_2D", 10),
    ]
    assert compare_operators(report(), report(ops=ops), count=1) == changes[:1]


@pytest.mark.parametrize("ops", [None, [], REPORT["ops"][:2], "nonsense", [1, 2]])
def test_operators_of_another_network_are_not_compared(ops):
    assert compare_operators(report(), report(ops=ops)) == ()


def test_a_report_is_a_baseline():
    assert compare(parse_baseline(json.dumps(REPORT), "old.json"), report())[0] == Change(
        "flash_bytes", "bytes", 100_000, 100_000
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The baseline old.json is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("{", "The baseline old.json is not JSON: Expecting property name enclosed in double quotes"),
        ("[1]", "The baseline old.json is not a report: it holds a list."),
        ("null", "The baseline old.json is not a report: it holds null."),
        ("{}", "The baseline old.json is not a report: it has no board, flash_bytes, ticks, verdict."),
        (
            json.dumps({**REPORT, "flash_bytes": "100 KB", "accuracy": {"float": [], "board": 1}}),
            "The baseline old.json has no numbers where it should: flash_bytes, accuracy_drop.",
        ),
        (
            json.dumps({**REPORT, "ticks": {"median": True}}),
            "The baseline old.json has no numbers where it should: ticks.",
        ),
    ],
)
def test_a_file_that_is_no_baseline(text, message):
    with pytest.raises(InputError) as caught:
        parse_baseline(text, "old.json")
    assert caught.value.message.startswith(message)
    assert caught.value.hint == "Make one with `boardproof run … --report baseline.json`."


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.sampled_from(["", "int8", "1"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(sorted(REPORT)), inner, max_size=9),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(REPORT)), json_values))
def test_whatever_json_is_given_as_baseline_is_compared_or_refused_with_words(changes):
    try:
        baseline = parse_baseline(json.dumps({**REPORT, **changes}), "old.json")
        compare(baseline, report())
        compare_operators(baseline, report())
    except InputError as error:
        refusal = error
    else:
        return
    assert refusal.message.startswith("The baseline ")
    assert refusal.hint
