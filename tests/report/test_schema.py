"""The JSON report keeps to its schema, and the schema describes all of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import boardproof
from boardproof.report.document import SCHEMA_VERSION, Report
from support.reports import full_report, made_up_report
from support.small_network import small_network

SCHEMA: dict[str, Any] = json.loads(
    (Path(boardproof.__file__).parent / "report" / "report.schema.json").read_text(encoding="utf-8")
)


def check(report: Report) -> None:
    document = json.loads(report.to_json())
    jsonschema.validate(document, SCHEMA)
    assert list(undescribed(document, SCHEMA, "report")) == [], "say in report.schema.json what these are"


def undescribed(value: Any, schema: dict[str, Any], place: str) -> Any:
    """Keys of a document that its schema does not name."""
    if isinstance(value, dict) and "properties" in schema:
        for key, inner in value.items():
            if key not in schema["properties"]:
                yield f"{place}.{key}"
            else:
                yield from undescribed(inner, schema["properties"][key], f"{place}.{key}")
    if isinstance(value, list):
        for inner in value:
            yield from undescribed(inner, schema.get("items", {}), f"{place}[]")


def test_the_schema_is_one_and_has_the_reports_version() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["schema"]["const"] == SCHEMA_VERSION
    assert SCHEMA["$id"] == f"urn:boardproof:report:{SCHEMA_VERSION}"


@pytest.mark.parametrize("report", [made_up_report(), full_report()], ids=["exact", "different"])
def test_made_up_reports(report: Report) -> None:
    check(report)


@pytest.mark.native
def test_a_real_report(tmp_path: Path) -> None:
    check(boardproof.run(small_network(), random=2, board="native", out=tmp_path / "p"))


@pytest.mark.qemu
def test_a_real_report_of_an_emulated_board(tmp_path: Path) -> None:
    check(boardproof.run(small_network(), random=2, board="mps2-an386", out=tmp_path / "p"))


def test_a_wrong_report_does_not_pass() -> None:
    document = json.loads(made_up_report().to_json())
    del document["verdict"]["exact"]
    with pytest.raises(jsonschema.ValidationError, match="'exact' is a required property"):
        jsonschema.validate(document, SCHEMA)
