"""The evaluation from volumes to records: resumable, tolerant, the same in any order."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.evaluation.measuring import measure as measuring
from ArSSRLib.evaluation.measuring.methods import parse_method, parse_methods
from ArSSRLib.evaluation.measuring.model_files import model_file
from ArSSRLib.evaluation.measuring.records import load_record, record_path
from ArSSRLib.evaluation.measuring.views import load_views
from ArSSRLib.evaluation.measuring.volumes import find_volumes
from ArSSRLib.evaluation.metrics.psnr import psnr
from ArSSRLib.evaluation.report.tables import cases_csv
from ArSSRLib.evaluation.run import Evaluation, evaluate
from ArSSRLib.evaluation.settings import Settings, parse_axes, parse_metrics, parse_scales
from ArSSRLib.resampling.blur import Blur
from ArSSRLib.resampling.degradation import paper_low_resolution, simulate_low_resolution
from ArSSRLib.resampling.interpolation import interpolate
from ArSSRLib.resampling.noise import Noise
from ArSSRLib.resampling.simulation import simulate_volume
from ArSSRLib.volumes.files.reading import read_volume

BRAINS = ("brain_45_2mm.nii.gz", "brain_46_2mm.nii.gz")


def _settings(folder: Path, **changes: object) -> Settings:
    values = {
        "source": folder,
        "output": folder.parent / "report",
        "scales": (2.0, 2.5),
        "methods": parse_methods("cubic,linear"),
        "metrics": ("psnr", "ssim"),
        **changes,
    }
    return Settings(**values)  # type: ignore[arg-type]


def _value(evaluation: Evaluation, volume: str, scale: float, method: str, metric: str) -> float:
    (record,) = (
        r for r in evaluation.measured if (r.volume, r.scale, r.method) == (volume, scale, method)
    )
    return float(record.values[metric])


def test_every_volume_scale_and_method_is_measured(folder: Path) -> None:
    evaluation = evaluate(_settings(folder))
    assert len(evaluation.measured) == 2 * 2 * 2 and not evaluation.failed
    assert [r.volume for r in evaluation.truths] == ["brain_45_2mm", "brain_46_2mm"]


def test_a_record_holds_what_the_parts_give_by_hand(folder: Path, brain: np.ndarray) -> None:
    evaluation = evaluate(_settings(folder))
    low_shape = tuple(int(n / 2.5 + 0.5) for n in brain.shape)
    low = simulate_low_resolution(brain, low_shape)
    expected = psnr(interpolate(low, brain.shape, "linear"), brain)
    assert _value(evaluation, "brain_45_2mm", 2.5, "linear", "psnr") == pytest.approx(expected)


def test_slice_thickness_and_noise_are_those_of_the_simulation(
    folder: Path, brain: np.ndarray
) -> None:
    changes = {"blur": Blur("box", thickness=1.4), "noise": 0.03, "scales": (2.0,)}
    evaluation = evaluate(_settings(folder, **changes))
    volume = read_volume(folder / BRAINS[0])
    low = simulate_volume(volume, 2.0, Blur("box", thickness=1.4), Noise(0.03))
    expected = psnr(interpolate(low.array, volume.array.shape, "linear"), volume.array)
    found = _value(evaluation, "brain_45_2mm", 2.0, "linear", "psnr")
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("blur", [Blur("kspace"), Blur("kspace", window="hamming"), None])
def test_the_kernel_decides_the_low_resolution_volume(
    folder: Path, blur: Blur | None, brain: np.ndarray
) -> None:
    settings = _settings(folder, blur=blur, scales=(2.0,), metrics=("psnr",))
    value = _value(evaluate(settings), "brain_45_2mm", 2.0, "cubic", "psnr")
    if blur is None:
        low = paper_low_resolution(brain, 2.0)
    else:
        shape = tuple(int(n / 2.0 + 0.5) for n in brain.shape)
        low = simulate_low_resolution(brain, shape, blur)
    assert value == pytest.approx(psnr(interpolate(low, brain.shape, "cubic"), brain))


def test_the_papers_zoom_undoes_the_papers_zoom_better_than_cubic_does(folder: Path) -> None:
    settings = _settings(folder, blur=None, methods=parse_methods("cubic,zoom"))
    evaluation = evaluate(settings)
    for scale in settings.scales:
        cubic, zoom = (
            _value(evaluation, "brain_46_2mm", scale, name, "psnr") for name in ("cubic", "zoom")
        )
        assert zoom > cubic + 1.0


def test_finished_cases_are_not_measured_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = evaluate(_settings(folder))
    monkeypatch.setattr(measuring, "_measured", None)
    again = evaluate(_settings(folder))
    assert [r.values for r in again.records] == [r.values for r in first.records]


def test_a_stopped_run_continues_where_it_stopped(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    def stop_after_five(report: object) -> None:
        done.append(report)
        if len(done) > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(_settings(folder), stop_after_five)
    kept = list((folder.parent / "report").rglob("cases/**/*.json"))
    measured = []
    original = measuring._measured
    monkeypatch.setattr(measuring, "_measured", lambda c, s: measured.append(c) or original(c, s))
    evaluation = evaluate(_settings(folder))
    assert len(evaluation.records) == 2 + 8
    assert len(measured) == 10 - len(kept) > 0


def test_what_changes_the_numbers_is_measured_again(folder: Path) -> None:
    before = evaluate(_settings(folder))
    after = evaluate(_settings(folder, blur=Blur("gaussian")))
    case = ("brain_45_2mm", 2.0, "cubic", "psnr")
    assert _value(before, *case) != _value(after, *case)


def test_a_damaged_record_is_measured_again(folder: Path) -> None:
    first = evaluate(_settings(folder))
    path = record_path(folder.parent / "report", "brain_45_2mm", 2.0, "cubic")
    path.write_text(path.read_text()[:40])
    assert load_record(path) is None
    again = evaluate(_settings(folder))
    assert [r.values for r in again.measured] == [r.values for r in first.measured]


def test_parallel_and_serial_runs_agree(folder: Path) -> None:
    serial = evaluate(_settings(folder))
    parallel = evaluate(_settings(folder, jobs=2, output=folder.parent / "parallel"))
    assert len(serial.records) == len(parallel.records)
    for one, other in zip(serial.records, parallel.records, strict=True):
        assert (one.volume, one.scale, one.method) == (other.volume, other.scale, other.method)
        # The number of threads decides the order of sums.
        assert dict(one.values) == pytest.approx(dict(other.values), rel=1e-6)


def test_progress_ends_at_one_even_with_a_failed_volume(folder: Path) -> None:
    (folder / "broken.nii.gz").write_bytes(b"not a volume")
    fractions: list[float] = []
    evaluate(_settings(folder), lambda report: fractions.append(report.fraction))
    assert fractions == sorted(fractions) and fractions[-1] == 1.0


def test_one_broken_volume_is_reported_and_not_fatal(folder: Path) -> None:
    (folder / "broken.nii.gz").write_bytes(b"not a volume")
    warnings: list[str] = []
    evaluation = evaluate(_settings(folder), warn=warnings.append)
    assert len(evaluation.measured) == 8
    assert [r.volume for r in evaluation.failed] == ["broken"]
    assert len(warnings) == 1 and "broken failed: The file" in warnings[0]
    stored = json.loads((folder.parent / "report" / "settings.json").read_text())
    assert "broken" in stored["failed"] and stored["versions"]["torch"]


def test_a_failed_case_is_tried_again_by_the_next_run(folder: Path) -> None:
    good = (folder / BRAINS[1]).read_bytes()
    (folder / BRAINS[1]).write_bytes(good[:5000])
    assert len(evaluate(_settings(folder)).failed) == 1
    (folder / BRAINS[1]).write_bytes(good)
    assert not evaluate(_settings(folder)).failed


def test_nothing_but_broken_volumes_is_an_error_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "hr").mkdir()
    (tmp_path / "hr" / "broken.nii.gz").write_bytes(b"not a volume")
    with pytest.raises(InputError, match="Nothing could be measured; the first reason: The file"):
        evaluate(_settings(tmp_path / "hr"))


def test_without_a_reference_only_sharpness_is_measured(folder: Path, brain_grid) -> None:
    (folder / BRAINS[1]).unlink()
    settings = _settings(folder, reference_free=True, metrics=("psnr", "lpc_si"), scales=(1.2,))
    evaluation = evaluate(settings)
    assert all(set(record.values) == {"lpc_si"} for record in evaluation.records)
    views = load_views(
        record_path(settings.output, "brain_45_2mm", 1.2, "cubic").with_suffix(".npz")
    )
    assert views is not None
    expected = brain_grid.upsampled(1.2).size
    assert views.slices["axial"].pixels.shape == (expected[1], expected[0])


def test_masks_limit_the_comparison(folder: Path, brain_image: sitk.Image) -> None:
    masks = folder.parent / "masks"
    masks.mkdir()
    for name in BRAINS:
        image = sitk.ReadImage(str(folder / name))
        sitk.WriteImage(sitk.Cast(image > 0, sitk.sitkUInt8), str(masks / name))
    whole = evaluate(_settings(folder))
    masked = evaluate(_settings(folder, masks=masks))
    for scale in (2.0, 2.5):
        case = ("brain_45_2mm", scale, "cubic", "psnr")
        assert _value(masked, *case) < _value(whole, *case) - 2.0


def test_an_arssr_model_file_takes_part(folder: Path, tiny_model: Callable[..., Path]) -> None:
    path = tiny_model(change=0.0)
    methods = parse_methods(f"linear,arssr:{path}")
    evaluation = evaluate(_settings(folder, methods=methods, scales=(2.0,)))
    # A residual network starts as trilinear interpolation.
    linear, network = (
        _value(evaluation, "brain_45_2mm", 2.0, method.slug, "psnr") for method in methods
    )
    assert network == pytest.approx(linear, abs=0.1)
    assert methods[1].title == "ArSSR (tiny)"
    stored = json.loads((folder.parent / "report" / "settings.json").read_text())
    about = stored["models"][f"arssr:{path}, 2x"]
    assert about["sha256"] and about["title"] == "ArSSR (tiny)"
    csv = cases_csv(evaluation)
    assert f",{about['in_cases_csv']}," in csv


def test_the_weights_of_training_runs_are_named_by_their_folders(tmp_path: Path) -> None:
    methods = []
    for run in ("rdn", "srresnet"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "best.npz").write_bytes(b"")
        methods.append(parse_method(f"arssr:{tmp_path / run / 'best.npz'}"))
    assert [method.title for method in methods] == ["ArSSR (rdn)", "ArSSR (srresnet)"]
    assert methods[0].slug != methods[1].slug


def test_models_of_one_name_are_named_by_more_of_their_paths(tmp_path: Path) -> None:
    paths = ["a/run/best.npz", "b/run/best.npz", "b/run/last.npz", "c/small.npz"]
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    names = [f"arssr:{tmp_path / path}" for path in paths]
    methods = parse_methods(",".join(["arssr:default", "arssr:default:fast", *names]))
    assert [method.title for method in methods] == [
        f"ArSSR ({name})"
        for name in ("default", "default, fast", "a/run/best", "b/run/best", "run/last", "small")
    ]
    assert len({method.slug for method in methods}) == len(methods)


def test_a_baseline_without_its_network_is_left_out_with_a_note(folder: Path) -> None:
    settings = _settings(folder, methods=parse_methods("cubic,dcsrn"))
    evaluation = evaluate(settings)
    assert {r.method for r in evaluation.measured} == {"cubic"}
    assert any("DCSRN has no bundled weights" in note for note in evaluation.notes)


def test_the_network_of_a_baseline_is_found_by_its_scale(tmp_path: Path) -> None:
    method = parse_method("srcnn3d")
    (tmp_path / "srcnn3d-2.5").mkdir()
    last, best = (tmp_path / "srcnn3d-2.5" / name for name in ("last.npz", "best.npz"))
    last.write_bytes(b"")
    assert model_file(method, 2.5, tmp_path) == last
    best.write_bytes(b"")
    assert model_file(method, 2.5, tmp_path) == best
    with pytest.raises(InputError, match="no SRCNN3D for 2x"):
        model_file(method, 2.0, tmp_path)


def test_only_the_named_axes_are_downsampled(folder: Path) -> None:
    evaluation = evaluate(_settings(folder, axes="k", scales=(3.0,), metrics=("psnr",)))
    truth = read_volume(folder / BRAINS[0])
    low = simulate_volume(truth, (1.0, 1.0, 3.0))
    shape = truth.array.shape
    expected = psnr(interpolate(low.array, shape, "cubic"), truth.array)
    assert _value(evaluation, "brain_45_2mm", 3.0, "cubic", "psnr") == pytest.approx(expected)
    again = evaluate(_settings(folder, axes="ijk", scales=(3.0,), metrics=("psnr",)))
    assert _value(again, "brain_45_2mm", 3.0, "cubic", "psnr") < expected


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: parse_scales("2,x"), "are not numbers"),
        (lambda: parse_scales("1"), "must be above 1"),
        (lambda: parse_axes("kx"), "'kx' are not some of ijk"),
        (lambda: parse_axes("kk"), "'kk' are not some of ijk"),
        (lambda: _settings(Path("x"), blur=None, axes="k"), "works along all axes"),
        (lambda: parse_metrics("psnr,vif"), "'vif' is unknown"),
        (lambda: parse_methods("cubic,bicubic"), "'bicubic' is unknown"),
        (lambda: parse_methods("arssr:nowhere.npz"), "no model 'nowhere.npz'"),
        (lambda: find_volumes(Path("nowhere")), "no file or folder 'nowhere'"),
        (lambda: _settings(Path("x"), methods=parse_methods("cubic,cubic")), "named twice"),
        (
            lambda: _settings(Path("x"), reference_free=True, metrics=("psnr",)),
            "cannot be measured; name psi",
        ),
        (
            lambda: _settings(Path("x"), reference_free=True, metrics=("psi",), segmentation=True),
            "Dice compares with a reference",
        ),
    ],
)
def test_unusable_settings_are_refused_in_one_sentence(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
