"""How fine the result will be, for every way of choosing it in the panel."""

from __future__ import annotations

import numpy as np
import pytest

FACTOR, SPACING, ISOTROPIC = range(3)


@pytest.fixture
def volume(slicer, ui):
    """Chooses a volume of that size (i, j, k) and voxel size in mm as the input."""

    def choose(size, spacing):
        array = np.ones(tuple(reversed(size)), np.int16)
        node = slicer.util.addVolumeFromArray(array, np.diag([*spacing, 1.0]), "Scan")
        ui.inputSelector.setCurrentNode(node)
        return node

    return choose


@pytest.fixture
def thick(volume):
    """The commonest clinical scan: fine pixels in thick slices."""
    return volume((40, 50, 20), (0.5, 0.5, 5.0))


def test_each_way_of_choosing_shows_its_own_widgets(ui, thick):
    shown = {
        FACTOR: (ui.scaleSlider, ui.quickScaleWidget),
        SPACING: (ui.targetSpacingSpinBox, ui.resolutionHintLabel),
        ISOTROPIC: (ui.resolutionHintLabel,),
    }
    for mode, widgets in shown.items():
        ui.scaleModeComboBox.currentIndex = mode
        for widget in {widget for group in shown.values() for widget in group}:
            assert widget.isVisibleTo(ui.ArSSR) == (widget in widgets)


def test_a_target_voxel_size_is_for_the_coarser_axes_and_finer_ones_stay(ui, thick):
    ui.scaleModeComboBox.currentIndex = SPACING
    ui.targetSpacingSpinBox.value = 1.25
    assert ui.applyButton.enabled, ui.applyButton.toolTip
    assert "40 × 50 × 80 voxels" in ui.planLabel.text
    assert "0.5 × 0.5 × 1.25 mm" in ui.planLabel.text
    assert "are not changed" in ui.resolutionHintLabel.text


def test_a_target_finer_than_every_axis_is_for_all_of_them(ui, thick):
    ui.scaleModeComboBox.currentIndex = SPACING
    ui.targetSpacingSpinBox.value = 0.25
    assert "80 × 100 × 400 voxels" in ui.planLabel.text
    assert "0.25 × 0.25 × 0.25 mm" in ui.planLabel.text


@pytest.mark.parametrize("spacing", [5.0, 4.9, 10.0])
def test_a_target_that_makes_no_axis_finer_says_what_would(ui, thick, spacing):
    ui.scaleModeComboBox.currentIndex = SPACING
    ui.targetSpacingSpinBox.value = spacing
    assert not ui.applyButton.enabled
    assert f"spacing {spacing:g} mm is not finer than the input" in ui.applyButton.toolTip
    assert "4.87 mm or less" in ui.applyButton.toolTip
    ui.targetSpacingSpinBox.value = 4.87
    assert ui.applyButton.enabled
    assert "40 × 50 × 21 voxels" in ui.planLabel.text


def test_the_slices_alone_become_finer_in_a_run(slicer, ui, apply, cortex):
    ui.scaleModeComboBox.currentIndex = SPACING
    ui.targetSpacingSpinBox.value = 1.0
    assert "Done" in apply()
    for method in ("ArSSR", "cubic"):
        node = slicer.util.getFirstNodeByName(f"cortex_t1 {method} 1 mm")
        assert node.GetImageData().GetDimensions() == (48, 44, 40)
        expected = (*cortex.GetSpacing()[:2], 1.0)
        np.testing.assert_allclose(node.GetSpacing(), expected, rtol=1e-5)


def test_make_isotropic_comes_as_near_as_whole_voxels_allow_and_not_nearer(
    slicer, ui, apply, chosen
):
    ui.scaleModeComboBox.currentIndex = ISOTROPIC
    assert "48 × 44 × 46 voxels" in ui.planLabel.text
    assert "0.868 × 0.868 × 0.87 mm" in ui.planLabel.text
    assert "rounded so that the field of view" in ui.resolutionHintLabel.text
    assert "Done" in apply()
    node = slicer.util.getFirstNodeByName("cortex_t1 ArSSR isotropic")
    assert node.GetImageData().GetDimensions() == (48, 44, 46)
    ui.inputSelector.setCurrentNode(node)
    assert "isotropic already" in ui.applyButton.toolTip


@pytest.mark.parametrize(
    ("size", "spacing"),
    [((8, 8, 8), (1.0, 1.0, 1.0)), ((48, 44, 46), (0.8675, 0.8675, 0.8708))],
)
def test_what_whole_voxels_cannot_make_more_isotropic_is_not_run(ui, volume, size, spacing):
    volume(size, spacing)
    ui.scaleModeComboBox.currentIndex = ISOTROPIC
    assert not ui.applyButton.enabled
    assert "isotropic already" in ui.applyButton.toolTip
    assert f"{spacing[2]:.3g} mm" in ui.applyButton.toolTip
    assert "smaller voxel size" in ui.applyButton.toolTip
