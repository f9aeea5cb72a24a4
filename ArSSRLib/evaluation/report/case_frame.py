"""The measured cases as a data frame, and their summaries by scale and method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..metrics import METRICS
from ..run import Evaluation

if TYPE_CHECKING:
    import pandas as pd

MEAN = "Mean"
_DICE_DIGITS = 4
_NONE = "–"


def scale_label(scale: float) -> str:
    """The scale as tables and pictures show it: ``2.5×``."""
    return f"{scale:g}×"


def case_frame(evaluation: Evaluation) -> pd.DataFrame:
    """A row for each measured case: volume, scale, method, a column for each metric and region,
    and seconds.

    Scale and method are ordered categories: the scale's label and the method's slug. A metric's
    column holds numbers and the sentences that replace them; where there is neither, NaN.
    """
    import pandas as pd

    settings = evaluation.settings
    slugs = [method.slug for method in settings.methods]
    rows = [
        {
            "volume": record.volume,
            "scale": scale_label(record.scale),
            "method": record.method,
            **record.values,
            **record.dice,
            "seconds": record.seconds,
        }
        for record in evaluation.measured
        if record.method in slugs
    ]
    columns = ["volume", "scale", "method", *settings.metrics, *regions(evaluation), "seconds"]
    frame = pd.DataFrame(rows, columns=columns)
    labels = [*map(scale_label, settings.scales), MEAN]
    frame["scale"] = pd.Categorical(frame["scale"], labels, ordered=True)
    frame["method"] = pd.Categorical(frame["method"], slugs, ordered=True)
    return frame


def regions(evaluation: Evaluation) -> list[str]:
    """The brain regions whose Dice overlap was measured."""
    return list(dict.fromkeys(name for record in evaluation.records for name in record.dice))


def numbers(values: pd.Series) -> pd.Series:
    """The numbers of a column; NaN where there is a sentence."""
    import pandas as pd

    return pd.to_numeric(values, errors="coerce")


def summaries(cases: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Each quantity at each scale with each method, indexed by (scale, quantity, method).

    Args:
        cases: see :func:`case_frame`.
        names: the columns to summarise: metrics, and Dice overlaps of brain regions.

    Returns:
        ``text``, mean ± standard deviation over the volumes; and ``best``, whether the mean is the
        best of the methods that have as many volumes as any. One method alone is not the best.
    """
    import pandas as pd

    long = cases.melt(["volume", "scale", "method"], list(names), "quantity", "value")
    long["quantity"] = pd.Categorical(long["quantity"], list(names), ordered=True)
    long["number"] = numbers(long["value"])
    groups = long.groupby(["scale", "quantity", "method"], observed=True)
    found = groups["number"].agg(["mean", "count"])
    digits = {name: METRICS[name].digits if name in METRICS else _DICE_DIGITS for name in names}
    found["text"] = [_written(group["value"], digits[name]) for (_, name, _), group in groups]
    falling = {name for name in METRICS if not METRICS[name].higher_is_better}
    sign = [-1 if name in falling else 1 for name in found.index.get_level_values("quantity")]
    peers = found.groupby(["scale", "quantity"], observed=True)["count"]
    compared = peers.transform(lambda counts: (counts > 0).sum()) > 1
    score = (found["mean"] * sign).where(found["count"].eq(peers.transform("max")))
    best = score.groupby(["scale", "quantity"], observed=True).transform("max")
    found["best"] = compared & score.eq(best)
    return found[["text", "best"]]


def summary(values: pd.Series, digits: int) -> str:
    """Mean ± sample standard deviation; of one value just that value, of none a dash.

    NaN is left out. Values that are all infinite give ∞; if only some are, a dash.
    """
    import numpy as np

    kept = values.dropna()
    if kept.empty:
        return _NONE
    if np.isinf(kept).any():
        return "∞" if np.isinf(kept).all() else _NONE
    spread = f" ± {kept.std():.{digits}f}" if len(kept) > 1 else ""
    return f"{kept.mean():.{digits}f}{spread}"


def _written(values: pd.Series, digits: int) -> str:
    """The summary of the numbers; without any, the sentence in their place, shortened."""
    found = numbers(values)
    sentences = [value for value in values if isinstance(value, str)]
    if found.notna().any() or not sentences:
        return summary(found, digits)
    return sentences[0].partition(":")[0]
