"""Magnitude pruning: as many zeros as asked for, where they belong, and there they stay."""

from __future__ import annotations

import numpy as np
import pytest

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


def prune(model, pruning, epochs: int = 2, **options):
    """Trains a little, to anything, with an optimizer that has momentum."""
    x = samples_for(model, 64)
    y = np.random.default_rng(1).random((len(x), *model.output_shape[1:])).astype(np.float32)
    model.compile("adam", "mse")
    model.fit(x, y, epochs=epochs, batch_size=16, verbose=0, callbacks=[pruning], **options)
    return model


def shares(model) -> list[float]:
    from boardproof.compress import sparsity

    return [round(one.share, 2) for one in sparsity(model)]


@pytest.mark.parametrize("build", [sequence_network, mixed_network, generator_network])
def test_each_layer_is_as_sparse_as_the_schedule_ends(build):
    from boardproof.compress import MagnitudePruning, PolynomialSparsity, sparsity

    model = prune(seasoned(build()), MagnitudePruning(PolynomialSparsity(0.75)))
    assert all(abs(one.zeros - 0.75 * one.weights) <= 0.5 for one in sparsity(model))


def test_biases_norms_and_depthwise_kernels_are_left_alone():
    from boardproof.compress import ConstantSparsity, MagnitudePruning

    model = prune(seasoned(mixed_network()), MagnitudePruning(ConstantSparsity(0.9)))
    weights = [weight for layer in model.layers for weight in layer.weights]
    others = [weight for weight in weights if weight.name not in {"kernel", "pointwise_kernel"}]
    assert {weight.name for weight in others} >= {"bias", "gamma", "moving_mean", "depthwise_kernel"}
    assert all(np.asarray(weight).all() for weight in others)


def test_globally_the_smallest_of_all_weights_go():
    from boardproof.compress import ConstantSparsity, MagnitudePruning, sparsity

    model = sequence_network()
    model.layers[0].kernel.assign(100 * model.layers[0].kernel)
    found = sparsity(prune(model, MagnitudePruning(ConstantSparsity(0.5), scope="global")))
    assert found[0].share < 0.1
    assert abs(sum(one.zeros for one in found) - 0.5 * sum(one.weights for one in found)) <= 0.5


@pytest.mark.parametrize("pattern", [(2, 4), (1, 4)])
def test_of_four_weights_of_an_output_so_many_are_left(pattern):
    from boardproof.compress import ConstantSparsity, MagnitudePruning

    model = prune(generator_network(), MagnitudePruning(ConstantSparsity(0.5), pattern=pattern))
    convolution = next(layer for layer in model.layers if type(layer).__name__ == "Conv2D")
    transposed = next(layer for layer in model.layers if type(layer).__name__ == "Conv2DTranspose")
    for kernel in (np.asarray(convolution.kernel), np.asarray(transposed.kernel).swapaxes(-1, -2)):
        groups = kernel.reshape(-1, 4, kernel.shape[-1])
        assert ((groups != 0).sum(axis=1) == pattern[0]).all()


@pytest.mark.parametrize("share", [0.5, 0.33])
def test_blocks_go_as_a_whole(share):
    from boardproof.compress import ConstantSparsity, MagnitudePruning

    model = prune(generator_network(), MagnitudePruning(ConstantSparsity(share), block=(2, 4)))
    kernel = np.asarray(model.layers[0].kernel)  # [10, 128]
    zeros = (kernel == 0).reshape(5, 2, 32, 4).sum(axis=(1, 3))
    assert set(np.unique(zeros)) == {0, 8}
    assert (zeros == 8).sum() == round(share * 160)


def test_the_schedule_grows_then_stands_still():
    from boardproof.compress import PolynomialSparsity

    schedule = PolynomialSparsity(0.8, initial=0.2, begin=0.1, end=0.6)
    values = [schedule.sparsity(step / 20) for step in range(21)]
    assert values[:2] == [0.0, 0.0]
    assert values[2] == pytest.approx(0.2)
    assert values[2:] == sorted(values[2:])
    assert values[12:] == pytest.approx([0.8] * 9)
    assert schedule.sparsity(0.35) == pytest.approx(0.8 - 0.6 / 8)  # half way: an eighth of the way is left


def test_pruned_weights_stay_zero_after_earlier_weights_came_back():
    from boardproof.compress import ConstantSparsity, MagnitudePruning

    model, pruning = sequence_network(), MagnitudePruning(ConstantSparsity(0.5))
    before = model.get_weights()
    prune(model, pruning)
    model.set_weights(before)  # as EarlyStopping(restore_best_weights=True) does
    pruning.apply()
    assert shares(model) == [0.5] * 3


def test_only_the_layers_wanted():
    from boardproof.compress import ConstantSparsity, MagnitudePruning

    dense = lambda layer: type(layer).__name__ == "Dense"  # noqa: E731
    assert shares(prune(sequence_network(), MagnitudePruning(ConstantSparsity(0.5), layers=dense))) == [0.0, 0.0, 0.5]


def test_a_quantization_aware_model_can_be_pruned_too():
    from boardproof.compress import ConstantSparsity, MagnitudePruning, quantization_aware, strip

    model = prune(quantization_aware(sequence_network()), MagnitudePruning(ConstantSparsity(0.5)))
    assert shares(strip(model)) == [0.5] * 3


@pytest.mark.qemu
def test_reference_networks_with_most_weights_zero_are_exact_on_the_board(reference, tmp_path):
    import keras

    from boardproof.compress import ConstantSparsity, MagnitudePruning

    model = keras.models.clone_model(reference)
    model.set_weights(reference.get_weights())
    prune(model, MagnitudePruning(ConstantSparsity(0.8)), epochs=1)
    data = as_int8(model, samples_for(model))
    assert float_tensors(data) == []
    assert prove_on("mps2-an386", data, tmp_path).agrees


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"scope": "all"}, "There is no scope all.", 'Choose "layer" or "global".'),
        ({"block": (0, 1)}, "A block of 0 inputs and 1 outputs is none.", "Both are 1 or more."),
        ({"pattern": (4, 4)}, "4 of 4 weights cannot be kept.", "Give (n, m) with 0 < n < m: (2, 4)."),
        (
            {"pattern": (2, 4), "scope": "global"},
            "A pattern says itself which weights go.",
            "Leave out scope and block.",
        ),
    ],
)
def test_arguments_that_do_not_go_together(options, message, hint):
    from boardproof.compress import ConstantSparsity, MagnitudePruning

    with pytest.raises(InputError) as caught:
        MagnitudePruning(ConstantSparsity(0.5), **options)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_schedules_that_are_none():
    from boardproof.compress import ConstantSparsity, PolynomialSparsity

    with pytest.raises(InputError) as caught:
        ConstantSparsity(1.0)
    assert caught.value.message == "A sparsity of 1.0 is not possible."
    with pytest.raises(InputError) as caught:
        PolynomialSparsity(0.5, begin=0.5, end=0.5)
    assert caught.value.message == "A schedule cannot run from 0.5 to 0.5."
    assert "0 ≤ begin < end ≤ 1" in caught.value.hint


def test_a_model_without_a_kernel():
    import keras

    from boardproof.compress import ConstantSparsity, MagnitudePruning

    model = keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization()], name="norms")
    with pytest.raises(InputError) as caught:
        prune(model, MagnitudePruning(ConstantSparsity(0.5)))
    assert caught.value.message == "Model norms has no kernel to prune."
    assert "argument layers" in caught.value.hint
