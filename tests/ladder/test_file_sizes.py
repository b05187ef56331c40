"""What a kept model is without."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.ladder.file_sizes import plain


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras on numpy 2
def test_a_model_that_was_trained_is_kept_without_its_optimizer(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    bare = plain(model)
    bare.save(tmp_path / "bare.keras")
    assert (tmp_path / "bare.keras").stat().st_size < 2 * 4 * model.count_params()  # an optimizer has two more of each
    again = keras.saving.load_model(tmp_path / "bare.keras")
    assert np.array_equal(again.get_weights()[0], model.get_weights()[0])
    assert not again.compiled
