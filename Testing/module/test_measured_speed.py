"""The time that the panel names: the library's estimate, corrected by earlier runs."""

from __future__ import annotations

import pytest


@pytest.fixture
def speed(slicer):
    from ArSSRModule.run import measured_speed

    settings = slicer.app.userSettings()
    settings.remove(measured_speed.SETTING + "cpu")
    yield measured_speed
    settings.remove(measured_speed.SETTING + "cpu")


def test_without_a_run_the_estimate_counts(speed):
    assert speed.slowness("cpu") is None
    assert speed.expectedSeconds("cpu", 10.0) == 10.0 + speed.OVERHEAD_SECONDS


def test_one_slow_run_among_others_counts_little(speed):
    for seconds in (20.0, 21.0, 200.0):
        speed.remember("cpu", 10.0, seconds + speed.OVERHEAD_SECONDS)
    assert speed.expectedSeconds("cpu", 10.0) == pytest.approx(21.0 + speed.OVERHEAD_SECONDS)
    assert speed.slowness("cuda") is None


def test_runs_of_long_ago_and_very_short_ones_do_not_count(speed):
    for seconds in (1000.0,) * 3 + (30.0,) * speed.RUNS_KEPT:
        speed.remember("cpu", 10.0, seconds)
    speed.remember("cpu", 0.01, 500.0)
    assert speed.slowness("cpu") == pytest.approx((30.0 - speed.OVERHEAD_SECONDS) / 10.0)


@pytest.mark.parametrize("text", ["", "nonsense", "[1, null]", "{}", "[-1]"])
def test_settings_that_make_no_sense_are_passed_over(slicer, speed, text):
    slicer.app.userSettings().setValue(speed.SETTING + "cpu", text)
    assert speed.slowness("cpu") is None


def test_a_run_is_measured_and_the_panel_says_so(slicer, ui, apply, chosen, speed, monkeypatch):
    monkeypatch.setattr(speed, "SHORTEST_SECONDS", 0.0)
    monkeypatch.setattr(speed, "OVERHEAD_SECONDS", 0.0)
    assert "(estimate)" in ui.planLabel.text
    apply()
    assert "(measured)" in ui.planLabel.text
    assert speed.slowness("cpu") > 0.0


def test_a_graphics_card_is_named_as_quicker_only_where_there_is_one(
    ui, panel, chosen, monkeypatch
):
    labels = [ui.deviceComboBox.itemText(i) for i in range(ui.deviceComboBox.count)]
    for names in ({}, {"cpu": "CPU", "cuda": ""}, {"cpu": "CPU", "cuda": "RTX"}):
        monkeypatch.setattr(panel._devices, "names", names)
        ui.deviceComboBox.currentIndex = labels.index("CPU")
        panel._update()
        assert ("quicker" in ui.planLabel.text) == bool(names.get("cuda"))
    ui.deviceComboBox.currentIndex = labels.index("Automatic")
    assert "quicker" not in ui.planLabel.text
