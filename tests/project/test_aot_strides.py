"""Loops found from indices: whatever is found goes through the same indices in the same order."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from boardproof.project.runtimes.aot.strides import AXES, block_size, placed, strided


def walk(found):
    """The indices that nn_copy would read."""
    starts = [
        found.offset + sum(i * stride for i, (_, stride) in zip(index, found.axes, strict=True))
        for index in itertools.product(*(range(size) for size, _ in found.axes))
    ]
    return [start + i for start in starts for i in range(found.block)]


@st.composite
def slices(draw):
    """Indices of a transposed, sliced, reversed, repeated array."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    array = np.arange(np.prod(shape)).reshape(shape)
    array = array.transpose(draw(st.permutations(range(array.ndim))))
    for axis in range(array.ndim):
        array = np.flip(array, axis) if draw(st.booleans()) else array
        first = draw(st.integers(0, array.shape[axis] - 1))
        array = array.take(range(first, array.shape[axis], draw(st.integers(1, 3))), axis)
        if array.shape[axis] == 1 and draw(st.booleans()):
            array = np.repeat(array, draw(st.integers(1, 3)), axis)
    return array


@settings(max_examples=300, deadline=None)
@given(slices())
def test_every_slice_is_a_few_strides(array):
    found = strided(array.reshape(-1))
    assert found is not None
    assert len(found.axes) <= AXES
    assert walk(found) == array.reshape(-1).tolist()


@settings(max_examples=300, deadline=None)
@given(st.data(), st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_any_places_are_found(data, shape):
    """Separable ones axis by axis, others in one table."""
    tables = [np.array(data.draw(st.lists(st.integers(0, 50), min_size=n, max_size=n))) for n in shape]
    indices = sum(np.ix_(*tables)).reshape(-1)
    if data.draw(st.booleans()):
        indices = np.array(data.draw(st.permutations(indices.tolist())))
    found = placed(indices, shape)
    starts = [sum(places) for places in itertools.product(*found.places)]
    assert [start + i for start in starts for i in range(found.block)] == indices.tolist()


def test_a_separable_resize_takes_a_table_per_axis():
    rows, columns = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1])
    indices = (rows[:, None, None] * 6 + columns[:, None] * 3 + np.arange(3)).reshape(-1)
    found = placed(indices, (1, 5, 3, 3))
    assert [places.tolist() for places in found.places] == [[0, 0, 6, 6, 12], [0, 3, 3]]
    assert found.block == 3


def test_blocks():
    assert block_size(np.arange(12)) == 12
    assert block_size(np.array([0, 1, 2, 5, 6, 7])) == 3
    assert block_size(np.array([0, 1, 2, 3, 8, 9])) == 2
