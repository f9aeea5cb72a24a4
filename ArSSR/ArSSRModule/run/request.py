"""The user's choices as the library's requests, one for each method."""

from ..parameters import ScaleMode


def requestsOf(parameters, roi=None, device: str = "") -> tuple:
    """What to compute, in this order, as ``ArSSRLib.upsampling.request.Upsampling`` objects.

    Args:
        parameters: the user's choices.
        roi: the box to compute, in the own axes of the volume; None for the whole volume.
        device: the device instead of the chosen one.

    Raises:
        ValueError: the model or another choice cannot be used.
    """
    from ArSSRLib.networks.catalogue import model_info
    from ArSSRLib.upsampling.request import Upsampling

    model = model_info(parameters.model)
    takesNoise = model.header.spec.encoder.noise_level
    methods = ("cubic", "arssr") if parameters.alsoCubic else ("arssr",)  # cubic takes a moment
    return tuple(
        Upsampling.of(
            **_resolution(parameters),
            method=method,
            from_measured=parameters.fromMeasured,
            model=model,
            device=device or parameters.device.value,
            fast=parameters.fast,
            noise_reduction=round(parameters.noiseReduction, 4) if takesNoise else 1.0,
            roi=roi,
            expected_error=parameters.expectedError and model.header.expected_error is not None,
        )
        for method in methods
    )


def _resolution(parameters) -> dict:
    if parameters.scaleMode is ScaleMode.FACTOR:
        return {"scale": round(parameters.scale, 4)}
    if parameters.scaleMode is ScaleMode.SPACING:
        return {"spacing": parameters.targetSpacing}
    return {"isotropic": True}


def spacingText(spacing) -> str:
    """
    >>> spacingText((0.8675, 0.8675, 0.8712))
    '0.868 × 0.868 × 0.871 mm'
    """
    return " × ".join(f"{mm:.3g}" for mm in spacing) + " mm"
