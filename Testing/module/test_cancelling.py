"""The panel while a run is being cancelled, and how lengths of time and failures are shown."""

from __future__ import annotations

import pytest


def test_a_change_of_the_panel_leaves_cancelling_as_it_is(slicer, ui, chosen, wait):
    ui.scaleSlider.value = 4.0
    ui.applyButton.click()
    wait(lambda: ui.progressBar.value > 0)
    ui.applyButton.click()
    assert "Cancelling" in ui.applyButton.text
    ui.scaleSlider.value = 3.0
    assert "Cancelling" in ui.applyButton.text
    assert not ui.applyButton.enabled
    wait(lambda: ui.applyButton.text == "Apply")
    assert ui.statusLabel.text == "Cancelled. The scene was not changed."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (7190, "2 h 0 min"),
        (3599.7, "1 h 0 min"),
        (961.0, "16 min"),
        (59.6, "1 min 0 s"),
        (0.2, "1 s"),
    ],
)
def test_no_length_of_time_has_sixty_minutes(slicer, seconds, text):
    from ArSSRModule.run.child_output import timeText

    assert timeText(seconds) == text


def test_a_warning_at_exit_is_not_the_reason_of_a_failure(slicer):
    from ArSSRModule.run.child_output import explainEnd

    lines = [
        "arssr: The disk is full.",
        "/lib/torch/x.py:3: UserWarning: something was not released",
        "arssr: warning: the scale is outside the trained range",
    ]
    assert explainEnd(1, lines) == "The disk is full."
    assert "UserWarning" not in explainEnd(1, lines[1:])
    assert "outside the trained" not in explainEnd(2, lines[1:])


def test_a_test_that_fails_does_not_stop_the_other_self_tests(slicer, monkeypatch):
    from ArSSRModule import selftests

    ran = []

    class Few(selftests.ArSSRTest):
        def setUp(self):
            ran.append(self.id().split("_")[-1])

        def tearDown(self):
            pass

        def test_One(self):
            self.fail("one")

        def test_Two(self):
            pass

    for kind in selftests.ArSSRTest.__mro__:
        for name in [name for name in vars(kind) if name.startswith("test_")]:
            monkeypatch.delattr(kind, name)
    with pytest.raises(AssertionError, match="1 of 2 self-tests failed"):
        Few().runTest()
    assert ran == ["One", "Two"]
