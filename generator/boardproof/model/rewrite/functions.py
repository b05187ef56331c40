"""What operators compute of one number: for tables. In float64, which rounds once where the table does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Values = NDArray[np.float64]

SQRT_2_OVER_PI = 0.7978845608028654


def gelu(x: Values, options: Any) -> Values:  # noqa: ANN401 the schema's options
    """X times the normal distribution's function of x, or its approximation by tanh where the model asks for that."""
    if options is not None and options.approximate:
        return np.asarray(x * 0.5 * (1 + np.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x**3))))
    return np.asarray(x * 0.5 * (1 + _erf(x / np.sqrt(2))))


def _erf(x: Values) -> Values:
    from math import erf

    return np.array([erf(value) for value in x.ravel()]).reshape(x.shape)


def _logistic(x: Values, _: Any) -> Values:  # noqa: ANN401
    return 1 / (1 + np.exp(-x))


def _elu(x: Values, _: Any) -> Values:  # noqa: ANN401
    return np.where(x < 0, np.expm1(np.minimum(x, 0)), x)


UNARY: dict[str, Callable[[Values, Any], Values]] = {
    "ABS": lambda x, _: np.abs(x),
    "CEIL": lambda x, _: np.ceil(x),
    "COS": lambda x, _: np.cos(x),
    "DEQUANTIZE": lambda x, _: x,
    "ELU": _elu,
    "EXP": lambda x, _: np.exp(x),
    "FLOOR": lambda x, _: np.floor(x),
    "GELU": gelu,
    "HARD_SWISH": lambda x, _: x * np.clip(x + 3, 0, 6) / 6,
    "LEAKY_RELU": lambda x, options: np.where(x < 0, x * options.alpha, x),
    "LOG": lambda x, _: np.log(x),
    "LOGICAL_NOT": lambda x, _: 1 - x,
    "LOGISTIC": _logistic,
    "NEG": lambda x, _: -x,
    "QUANTIZE": lambda x, _: x,
    "RELU": lambda x, _: np.maximum(x, 0),
    "RELU6": lambda x, _: np.clip(x, 0, 6),
    "RELU_N1_TO_1": lambda x, _: np.clip(x, -1, 1),
    "ROUND": lambda x, _: np.round(x),
    "RSQRT": lambda x, _: 1 / np.sqrt(x),
    "SIGN": lambda x, _: np.sign(x),
    "SIN": lambda x, _: np.sin(x),
    "SQRT": lambda x, _: np.sqrt(x),
    "SQUARE": lambda x, _: x * x,
    "TANH": lambda x, _: np.tanh(x),
}
"""Functions of one number. Not CAST, which would round."""

BINARY: dict[str, Callable[[Values, Values], Values]] = {
    "ADD": np.add,
    "DIV": np.divide,
    "EQUAL": lambda a, b: (a == b).astype(np.float64),
    "FLOOR_DIV": lambda a, b: np.floor(a / b),
    "FLOOR_MOD": np.mod,
    "GREATER": lambda a, b: (a > b).astype(np.float64),
    "GREATER_EQUAL": lambda a, b: (a >= b).astype(np.float64),
    "LESS": lambda a, b: (a < b).astype(np.float64),
    "LESS_EQUAL": lambda a, b: (a <= b).astype(np.float64),
    "LOGICAL_AND": np.multiply,
    "LOGICAL_OR": np.maximum,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "MUL": np.multiply,
    "NOT_EQUAL": lambda a, b: (a != b).astype(np.float64),
    "POW": np.power,
    "SQUARED_DIFFERENCE": lambda a, b: (a - b) ** 2,
    "SUB": np.subtract,
}
"""Functions of two numbers, of which one may be constant, or both come from the same."""

WITHOUT_INT8_KERNEL = frozenset(
    {"CEIL", "COS", "EXP", "FLOOR", "FLOOR_DIV", "FLOOR_MOD", "GELU", "LOG", "POW", "ROUND", "SIGN", "SIN", "SQRT"}
)
"""What the converter makes of int8, and TensorFlow Lite Micro has for floats only or not at all."""
