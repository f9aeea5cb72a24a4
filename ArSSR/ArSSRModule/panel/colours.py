"""Colours of the panel's coloured boxes, legible in Slicer's light and dark style."""

ACCENTS = {"done": "#3a9e60", "error": "#d64541", "warning": "#d39e00", "note": "#6b8cae"}


def boxStyle(kind: str) -> str:
    """Style sheet of a label: the application's own colours, with a coloured edge.

    Args:
        kind: a key of ``ACCENTS``.
    """
    return (
        "QLabel { background-color: palette(alternate-base); color: palette(window-text); "
        f"border: 1px solid {ACCENTS[kind]}; border-left: 5px solid {ACCENTS[kind]}; "
        "border-radius: 3px; padding: 5px; }"
    )
