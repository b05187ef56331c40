"""Structured pruning: what is left computes what the whole did with those channels at zero."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.architectures import ARCHITECTURES

from boardproof.errors import InputError
from support.compress_models import (
    float_tensors,
    generator_network,
    mixed_network,
    prove_on,
    samples_for,
    seasoned,
    sequence_network,
)
from support.keras_int8 import as_int8

NETWORKS = {**ARCHITECTURES, "mixed": mixed_network, "sequence": sequence_network, "generator": generator_network}


def halved(model):
    """The flat model, and what half of its channels are: units, and those to remove."""
    from boardproof.compress.channels import analyse
    from boardproof.compress.choosing import Choice, choose
    from boardproof.compress.graph import flattened

    flat = flattened(model)
    channels = analyse(flat)
    return flat, channels, choose(flat, Choice(0.5, 4))


def weights_of(layer):
    """The kernel, its axes in the order [..., taken, made], in a copy, and how to put it back."""
    from boardproof.compress.channels import TRANSPOSED
    from boardproof.compress.graph import variable

    kernel = variable(layer, "kernel").numpy().copy()
    view = kernel.swapaxes(-1, -2) if isinstance(layer, TRANSPOSED) else kernel
    return view, lambda: variable(layer, "kernel").assign(kernel)


@pytest.mark.parametrize("name", NETWORKS)
def test_half_the_channels_gone_is_half_the_channels_at_zero(name):
    from boardproof.compress.channels import PRODUCERS
    from boardproof.compress.shrink import without

    flat, channels, removed = halved(seasoned(NETWORKS[name]()))
    narrow = without(flat, channels, removed)
    x = samples_for(flat, 4)
    for layer in flat.layers:
        if isinstance(layer, PRODUCERS):
            kernel, put_back = weights_of(layer)
            kernel[..., np.isin(channels.taken[layer.name], sorted(removed)), :] = 0
            put_back()
    expected, found = np.asarray(flat(x)), np.asarray(narrow(x))
    assert narrow.count_params() < 0.55 * flat.count_params()
    assert np.abs(expected).max() > 0.01
    assert np.abs(expected - found).max() <= 2e-6 * np.abs(expected).max()  # sums of floats, in another order


@pytest.mark.qemu
def test_reference_networks_at_half_their_width_are_exact_on_the_board(reference, tmp_path):
    from boardproof.compress import shrink

    narrow = shrink(reference, 0.5)
    data = as_int8(narrow, samples_for(narrow))
    assert float_tensors(data) == []
    assert prove_on("mps2-an386", data, tmp_path).agrees


def test_branches_that_are_added_keep_the_same_channels():
    flat, channels, _ = halved(ARCHITECTURES["image_classification"]())
    sums = [layer.name for layer in flat.layers if type(layer).__name__ == "Add"]
    made = [set(channels.made[name].tolist()) for name in sums]
    assert all(len(units) == width for units, width in zip(made, (16, 32, 64), strict=True))
    producers = {name for unit in made[1] for name, _ in channels.producers[unit]}
    assert len(producers) == 2  # the second stack's last convolution, and its shortcut


def test_inputs_and_outputs_and_what_softmax_mixes_stay():
    import keras

    from boardproof.compress.channels import analyse

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, name="attention"),
            layers.Softmax(),
            layers.Dense(12, activation="relu", name="free"),
            layers.LayerNormalization(),
            layers.Dense(8, activation="relu", name="really_free"),
            layers.Dense(4, name="scores"),
        ]
    )
    from boardproof.compress.graph import flattened

    channels = analyse(flattened(model))
    assert {name for made in channels.producers.values() for name, _ in made} == {"really_free"}


def test_a_layer_called_twice_loses_the_same_channels_both_times():
    import keras

    from boardproof.compress import shrink

    layers = keras.layers
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    shared = layers.Conv2D(8, 3, padding="same", activation="relu", name="shared")
    model = keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(shared(shared(x)))))
    assert shrink(model, 0.5).get_layer("shared").kernel.shape == (3, 3, 4, 4)


def test_a_relu_and_a_pool_called_twice_take_any_width():
    import keras

    from boardproof.compress import shrink

    layers = keras.layers
    x = image = keras.Input((8, 8, 3))
    relu, pool = layers.ReLU(), layers.MaxPooling2D()
    for width in (8, 16):
        x = pool(relu(layers.Conv2D(width, 3, padding="same", name=f"conv{width}")(x)))
    narrow = shrink(keras.Model(image, layers.Dense(2)(layers.Flatten()(x))), 0.5)
    assert [narrow.get_layer(f"conv{width}").filters for width in (8, 16)] == [4, 8]


@pytest.mark.parametrize("use_samples", [False, True])
def test_a_grouped_convolution_keeps_what_it_takes_and_makes(use_samples):
    import keras

    from boardproof.compress import remove_dead, shrink

    layers = keras.layers
    image = keras.Input((6, 6, 4))
    x = layers.Conv2D(16, 3, activation="relu", name="before")(image)
    x = layers.Conv2D(16, 3, groups=4, activation="relu", name="grouped")(x)
    x = layers.Conv2D(16, 1, activation="relu", name="behind")(x)
    model = seasoned(keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x))))
    narrow = shrink(model, 0.5, samples=samples_for(model) if use_samples else None)
    widths = [narrow.get_layer(name).filters for name in ("before", "grouped", "behind")]
    assert widths == [16, 16, 8]
    assert np.array_equal(narrow.get_layer("grouped").kernel, model.get_layer("grouped").kernel)
    np.testing.assert_allclose(remove_dead(model)(samples_for(model)), model(samples_for(model)), rtol=1e-5)


def test_the_score_decides():
    import keras

    from boardproof.compress import shrink

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(8, name="hidden"), keras.layers.Dense(2)])
    narrow = shrink(model, 0.5, score=lambda layer: np.arange(layer.units))
    assert np.array_equal(narrow.get_layer("hidden").kernel, model.get_layer("hidden").kernel.numpy()[:, 4:])


def two_layers():
    """Dense layers of 8 and 16: of the first only the last half gives the second anything."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="relu", name="first"),
            layers.Dense(16, activation="relu", name="second"),
            layers.Dense(2, name="scores"),
        ]
    )
    kernel, bias = model.get_layer("first").get_weights()
    kernel[:, :4] *= 9  # large, and in vain: what they give is below zero
    bias[:4] = -1000
    model.get_layer("first").set_weights([kernel, bias])
    return model


def test_by_samples_a_channel_is_worth_what_it_gives():
    from boardproof.compress import shrink, shrink_in_steps

    model = two_layers()
    x = samples_for(model, 100)
    by_weights, by_samples = shrink(model, {"first": 0.5}), shrink(model, {"first": 0.5}, samples=x)
    wanted = model.get_layer("first").kernel.numpy()
    assert np.array_equal(by_weights.get_layer("first").kernel, wanted[:, :4])
    assert np.array_equal(by_samples.get_layer("first").kernel, wanted[:, 4:])
    np.testing.assert_allclose(by_samples(x), model(x), rtol=1e-5, atol=1e-5)
    assert by_samples.get_layer("second").units == 16
    seen = []
    slowly = shrink_in_steps(model, {"first": 0.5}, lambda one: seen.append(one.count_params()), samples=x)
    assert seen[1] == slowly.count_params() == by_samples.count_params() < seen[0]


def test_a_global_scope_takes_from_the_layer_that_can_spare():
    from boardproof.compress import shrink

    model = two_layers()
    x = samples_for(model, 100)
    narrow = shrink(model, 0.3, scope="global", samples=x)
    widths = [narrow.get_layer(name).units for name in ("first", "second")]
    assert widths[0] == 4
    assert sum(widths) == 16  # of 24: 30 % in groups of four
    rest = shrink(model, 0.6, scope="global", multiple=2, samples=x)
    assert sum(rest.get_layer(name).units for name in ("first", "second")) == 10  # 24 * 0.4, in groups of two


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ({"fraction": {"first": 1.5}}, "A fraction of 1.5 cannot be removed.", "above 0 and below 1"),
        ({"fraction": {"scores": 0.5}}, "No channels of scores can be removed", "can lose some: first, second."),
        ({"fraction": 0.5, "scope": "all"}, "There is no scope all.", '"layer" or "global"'),
        ({"fraction": {"first": 0.5}, "scope": "global"}, "Fractions by layer do not go", "Give one fraction"),
        ({"fraction": {"first": 0.1}}, "can be removed at these fractions", "larger fraction"),
    ],
)
def test_wrong_fractions_are_told(arguments, message, hint):
    from boardproof.compress import shrink

    with pytest.raises(InputError) as caught:
        shrink(two_layers(), **arguments)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_dropout_goes_down_with_the_channels():
    import keras

    from boardproof.compress import shrink

    layers = keras.layers
    kinds = (layers.SpatialDropout1D(0.3, name="of_channels"), layers.GaussianDropout(0.2, name="noise"))
    hidden = [layers.Dense(8, activation="relu"), *kinds, layers.Flatten(), layers.Dropout(0.4, name="flat")]
    model = keras.Sequential([keras.Input((5, 3)), *hidden, layers.Dense(2)])
    narrow = shrink(model, 0.5)
    rates = [narrow.get_layer(name).rate for name in ("of_channels", "noise", "flat")]
    assert rates == pytest.approx([0.15, 0.1, 0.2])
    assert model.get_layer("flat").rate == 0.4


def test_batchnorm_counts_in_the_score():
    import keras

    from boardproof.compress import shrink

    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(8, name="hidden"), layers.BatchNormalization(), layers.Dense(2)]
    )
    model.layers[0].kernel.assign(np.ones((3, 8)))
    model.layers[1].gamma.assign([1, 0, 1, 0, 1, 0, 1, 0])
    narrow = shrink(model, 0.5)
    assert np.array_equal(narrow.layers[2].gamma, np.ones(4))


def test_steps_reach_the_same_width_and_train_after_each():
    from boardproof.compress import shrink, shrink_in_steps

    model, trained = ARCHITECTURES["anomaly_detection"](), []
    narrow = shrink_in_steps(model, 0.5, trained.append, steps=3)
    assert [one.count_params() for one in trained] == sorted((one.count_params() for one in trained), reverse=True)
    assert len(trained) == 3
    assert trained[-1] is narrow
    assert narrow.count_params() == shrink(model, 0.5).count_params()


def test_a_budget_is_met_and_hardly_more():
    from boardproof.compress import shrink, shrink_to_fit

    model = ARCHITECTURES["anomaly_detection"]()
    fraction = shrink_to_fit(model, lambda one: one.count_params() <= 100_000)
    assert shrink(model, fraction).count_params() <= 100_000
    assert shrink(model, fraction - 1 / 16).count_params() > 100_000
    assert shrink_to_fit(model, lambda _: True) == 0.0
    with pytest.raises(InputError) as caught:
        shrink_to_fit(model, lambda _: False)
    assert "does not fit the budget even with 97% of its channels removed" in caught.value.message
    assert caught.value.hint == "Allow more, or begin with another architecture."


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, 2.0])
def test_a_fraction_that_is_none_is_refused(fraction):
    from boardproof.compress import shrink

    with pytest.raises(InputError) as caught:
        shrink(sequence_network(), fraction)
    assert caught.value.message == f"A fraction of {fraction} cannot be removed."
    assert caught.value.hint == "Choose one above 0 and below 1."


def test_where_nothing_can_go_it_says_so():
    import keras

    from boardproof.compress import shrink

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)], name="tiny")
    with pytest.raises(InputError) as caught:
        shrink(model, 0.5)
    assert caught.value.message.startswith("Nothing of model tiny can be removed at 50%")
    assert "a smaller multiple" in caught.value.hint


@pytest.mark.parametrize("axis", ["texts", "channels_first"])
def test_an_open_last_axis_and_channels_that_come_first_are_left_alone(axis):
    import keras

    from boardproof.compress import remove_dead, shrink

    layers = keras.layers
    if axis == "texts":
        given = keras.Input((None,), dtype="int32")
        x = layers.GlobalAveragePooling1D()(layers.Conv1D(8, 3)(layers.Embedding(10, 8)(given)))
    else:
        given = keras.Input((3, 10, 10))
        x = layers.Flatten()(layers.Conv2D(8, 3, data_format="channels_first")(given))
    model = keras.Model(given, layers.Dense(2)(layers.Dense(16, name="dense")(x)))
    assert shrink(model, 0.5).get_layer("dense").units == 8
    if axis == "texts":  # TensorFlow on a processor does not run the other one
        kernel, put_back = weights_of(model.get_layer("dense"))
        kernel[:, :5] = 0
        put_back()
        texts, narrow = np.arange(20).reshape(2, 10) % 10, remove_dead(model)
        assert narrow.get_layer("dense").units == 11
        np.testing.assert_allclose(narrow(texts), model(texts), atol=1e-6)


def test_arguments_of_steps_widths_and_budgets_are_checked():
    from boardproof.compress import shrink, shrink_in_steps, shrink_to_fit

    wrong = {
        "Channels cannot go in 0 steps.": lambda: shrink_in_steps(two_layers(), 0.5, list, steps=0),
        "Widths cannot be multiples of 0.": lambda: shrink(two_layers(), 0.5, multiple=0),
        "There is no scope gobal.": lambda: shrink_to_fit(two_layers(), bool, scope="gobal"),
        "can be removed at 50%": lambda: shrink_in_steps(two_layers(), 0.5, list, multiple=64),
    }
    for message, call in wrong.items():
        with pytest.raises(InputError) as caught:
            call()
        assert message in caught.value.message
        assert caught.value.hint.startswith(("Give ", "Choose "))


def test_a_score_of_the_wrong_shape_names_the_layer():
    from boardproof.compress import shrink

    with pytest.raises(InputError) as caught:
        shrink(sequence_network(), 0.5, score=lambda _: np.zeros(3))
    assert "(Conv1D) has shape [3]; the layer makes 8 channels" in caught.value.message
    assert caught.value.hint == "Return one number for each channel."


@pytest.mark.parametrize("name", NETWORKS)
def test_dead_channels_go_and_nothing_changes(name):
    import keras

    from boardproof.compress import remove_dead
    from boardproof.compress.channels import PRODUCERS

    keras.utils.set_random_seed(1)  # chance chooses the channels: of each network, some whose constant can move on
    flat, channels, removed = halved(seasoned(NETWORKS[name]()))
    for layer in flat.layers:
        if isinstance(layer, PRODUCERS):
            kernel, put_back = weights_of(layer)
            kernel[..., np.isin(channels.made[layer.name], sorted(removed))] = 0
            put_back()
    x = samples_for(flat, 4)
    narrow = remove_dead(flat)
    expected, found = np.asarray(flat(x)), np.asarray(narrow(x))
    assert narrow.count_params() < flat.count_params()
    assert np.abs(expected - found).max() <= 2e-6 * np.abs(expected).max()


def test_a_layer_that_is_dead_altogether_keeps_a_channel():
    import keras

    from boardproof.compress import remove_dead

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, bias_initializer="ones"), keras.layers.Dense(2)])
    model.layers[0].kernel.assign(np.zeros((3, 4)))
    narrow = remove_dead(model)
    x = samples_for(model)
    assert narrow.layers[1].units == 1
    assert np.allclose(narrow(x), model(x), atol=1e-6)


def with_three_dead(model, *names: str):
    """Of each layer named, three channels that give their bias alone."""
    for name in names:
        kernel, put_back = weights_of(model.get_layer(name))
        kernel[..., :3] = 0
        put_back()
    return model


def test_what_only_looks_like_a_constant_stays():
    import keras

    from boardproof.compress import remove_dead

    layers = keras.layers
    row = keras.Input((4,))
    plain, bias = layers.Dense(8, name="plain")(row), layers.Dense(8, bias_initializer="ones", name="bias")(row)
    head = layers.Dense(2)
    gated = keras.Model(row, head(layers.Multiply()([bias, layers.Dense(1)(row)])))  # a sample's bias times its gate
    twice = keras.Model(row, layers.Add()([head(plain), layers.ReLU()(head(bias))]))  # two constants, and one bias
    for model in (with_three_dead(gated, "bias"), with_three_dead(twice, "plain", "bias")):
        narrow, x = remove_dead(model), samples_for(model)
        np.testing.assert_allclose(narrow(x), model(x), atol=1e-6)
