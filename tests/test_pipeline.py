"""Errors of the commands as a whole that come before anything is built."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from boardproof import pipeline
from boardproof.errors import InputError, ToolError
from boardproof.progress import Silent
from boardproof.project.runtimes.tflm.library import library_unavailable
from boardproof.settings import Settings
from support.small_network import small_network

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(pipeline, "require_tools", lambda _: None)
    model = tmp_path / "m.tflite"
    model.write_bytes(small_network())
    return Settings(model=model, board="native", out=tmp_path / "project")


def test_compare_names_its_own_flag(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> None:
        raise library_unavailable("someone/Else", "no network")

    monkeypatch.setattr(pipeline, "run", unreachable)
    with pytest.raises(ToolError) as caught:
        pipeline.compare(settings, ("tflm", "aot"), Silent())
    assert caught.value.hint.endswith("or compile the model without one: --runtimes aot.")
    assert caught.value.details == "no network"


def test_verify_refuses_a_project_of_another_model(settings: Settings) -> None:
    pipeline.generate_to_disk([settings], Silent())
    other = settings.model.with_name("other.tflite")
    other.write_bytes(settings.model.read_bytes() + bytes(16))
    with pytest.raises(InputError) as caught:
        pipeline.verify_existing(replace(settings, model=other), Silent())
    assert caught.value.message.startswith(
        f"{settings.out} is a project of another model: the SHA-256 of its .tflite begins "
    )
    assert caught.value.hint == (
        "Make it anew from other.tflite: `boardproof run` generates, builds and verifies; `boardproof generate` only "
        "generates."
    )
