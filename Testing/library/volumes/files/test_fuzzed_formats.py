"""Our own files with any bytes are read or refused with one sentence.

Model files, network specifications, recipes, training checkpoints and records of an evaluation:
nothing in them is run, nothing asks for unbounded memory, no other exception gets out.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_models import edit_model, small_spec

from ArSSRLib.errors import EnvironmentFault, InputError
from ArSSRLib.evaluation.measuring.records import Record, load_record, save_record
from ArSSRLib.evaluation.measuring.views import load_views
from ArSSRLib.networks.build import build_network, spec_from_dict
from ArSSRLib.networks.model_file import ModelHeader, read_header, read_network, save_model
from ArSSRLib.networks.spec import NetworkSpec
from ArSSRLib.training.recipe import RECIPES, Recipe, load_recipe, recipe_from_dict
from ArSSRLib.training.state import LAST, TrainingState, load_state, save_state

from .damage import EDITS, Edits, edited

SPEC = small_spec(4)
FUZZED = settings(max_examples=150, suppress_health_check=list(HealthCheck))
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from([10**9, -1, 0, 4096, "RDN", "local", "VGG"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
_MOST_GROWTH_BYTES = 1 << 30


@pytest.fixture(scope="module", autouse=True)
def memory_stays_bounded() -> Iterator[None]:
    """No damaged file of a few kilobytes may make the process a gigabyte larger."""
    unit = 1 if sys.platform == "darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    yield
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    assert after - before < _MOST_GROWTH_BYTES


def _refused_or(kind: Any, read: Callable[[], object]) -> object | None:
    """What ``read`` returns, of the kind that it must be; None where it refuses properly."""
    try:
        result = read()
    except (InputError, EnvironmentFault) as refusal:
        assert len(str(refusal).splitlines()) == 1
        assert "Traceback" not in str(refusal)
        return None
    assert isinstance(result, kind)
    return result


def _replaced(values: dict[str, Any], where: float, odd: object) -> dict[str, Any]:
    """A copy with one entry, at any depth, replaced."""
    copy = json.loads(json.dumps(values))
    places = list(_places(copy))
    table, key = places[int(where * len(places))]
    table[key] = odd
    return copy


def _places(table: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in table.items() if isinstance(table, dict) else enumerate(table):
        yield table, key
        if isinstance(value, dict | list):
            yield from _places(value)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "model.npz"
    save_model(build_network(SPEC), ModelHeader(SPEC, "Small", provenance={"steps": 1}), path)
    return path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    network = build_network(SPEC)
    optimiser = torch.optim.AdamW(network.parameters())
    sum(p.square().sum() for p in network.parameters()).backward()  # type: ignore[union-attr]
    optimiser.step()
    weights = network.state_dict()
    state = TrainingState(7, 1.5, 0.25, weights, dict(weights), optimiser.state_dict())
    folder = tmp_path_factory.mktemp("run")
    save_state(state, folder)
    return folder / LAST


@FUZZED
@given(where=st.floats(0, 1, exclude_max=True), odd=ODD)
def test_a_specification_with_an_odd_entry_is_read_or_refused(where: float, odd: object) -> None:
    values = _replaced(SPEC.to_dict(), where, odd)
    spec = _refused_or(NetworkSpec, lambda: spec_from_dict(values))
    if isinstance(spec, NetworkSpec):
        assert spec.parameters <= 10**9
        assert spec.encoder.blocks * spec.encoder.layers <= 4096


@FUZZED
@given(values=ODD)
def test_an_invalid_specification_is_refused(values: Any) -> None:
    _refused_or(object, lambda: spec_from_dict(values))


@FUZZED
@given(where=st.floats(0, 1, exclude_max=True), odd=ODD)
def test_a_model_with_an_odd_header_is_read_or_refused(
    where: float, odd: object, model: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(model, tmp_path))
    edit_model(path, lambda header, weights: header.update(_replaced(header, where, odd)))
    _refused_or(tuple, lambda: read_network(path))
    _refused_or(ModelHeader, lambda: read_header(path))


@FUZZED
@given(edits=EDITS)
def test_a_damaged_model_is_read_or_refused(edits: Edits, model: Path, tmp_path: Path) -> None:
    (tmp_path / "model.npz").write_bytes(edited(model.read_bytes(), edits))
    _refused_or(tuple, lambda: read_network(tmp_path / "model.npz"))


@FUZZED
@given(where=st.floats(0, 1, exclude_max=True), odd=ODD)
def test_a_recipe_with_an_odd_entry_is_read_or_refused(where: float, odd: object) -> None:
    values = _replaced(Recipe().to_dict(), where, odd)
    _refused_or(Recipe, lambda: recipe_from_dict(values))


@FUZZED
@given(edits=EDITS)
def test_a_damaged_recipe_is_read_or_refused(edits: Edits, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(edited((RECIPES / "smoke.toml").read_bytes(), edits))
    _refused_or(Recipe, lambda: load_recipe(str(path)))


@FUZZED
@given(
    name=st.sampled_from(["seed", "optimiser.steps", "network.encoder.features", "sources",
                          "patches", "title", "network"]),
    text=st.text(max_size=12),
)  # fmt: skip
def test_a_change_of_a_recipe_is_made_or_refused(name: str, text: str) -> None:
    _refused_or(Recipe, lambda: Recipe().with_changes({name: text}))


@FUZZED
@given(edits=EDITS)
def test_a_damaged_checkpoint_is_read_or_refused(
    edits: Edits, checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / LAST).write_bytes(edited(checkpoint.read_bytes(), edits))
    _refused_or(TrainingState, lambda: load_state(tmp_path))


@FUZZED
@given(entries=st.dictionaries(st.sampled_from([*vars(TrainingState()), "magic"]), ODD, max_size=8))
def test_a_checkpoint_with_odd_entries_is_read_or_refused(
    entries: dict[str, Any], tmp_path: Path
) -> None:
    torch.save(entries, tmp_path / LAST)
    state = _refused_or(TrainingState, lambda: load_state(tmp_path))
    assert state is None or state.step >= 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_nesting_without_end_is_refused(depth: int, tmp_path: Path, model: Path) -> None:
    (tmp_path / "deep.toml").write_text("x = " + "[" * depth)
    assert _refused_or(Recipe, lambda: load_recipe(str(tmp_path / "deep.toml"))) is None
    header = np.frombuffer(b'{"format":' + b"[" * depth, dtype=np.uint8)
    np.savez(tmp_path / "model.npz", **{"header.json": header})
    assert _refused_or(ModelHeader, lambda: read_header(tmp_path / "model.npz")) is None


def test_a_header_without_end_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """Two gigabytes of zeros compress to two megabytes; a hundred are enough here."""
    header = np.zeros(100 << 20, dtype=np.uint8)
    np.savez_compressed(tmp_path / "model.npz", **{"header.json": header})
    assert (tmp_path / "model.npz").stat().st_size < 1 << 20
    assert _refused_or(ModelHeader, lambda: read_header(tmp_path / "model.npz")) is None


@FUZZED
@given(edits=EDITS)
def test_a_damaged_record_of_an_evaluation_is_read_or_measured_again(
    edits: Edits, tmp_path: Path
) -> None:
    record = Record("brain", 2.0, "cubic", "abc", {"psnr": 30.5, "psi": float("inf")}, {"csf": 0.5})
    save_record(record, tmp_path / "case.json")
    data = edited((tmp_path / "case.json").read_bytes(), edits)
    (tmp_path / "case.json").write_bytes(data)
    found = load_record(tmp_path / "case.json")
    assert found is None or isinstance(found, Record)
    (tmp_path / "case.npz").write_bytes(data)
    assert load_views(tmp_path / "case.npz") is None
