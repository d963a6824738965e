"""Can srkit upscale with this network of spandrel?"""

from typing import Any, Final

from spandrel import ImageModelDescriptor

_OF_FACES: Final = "FaceSR"
_CHANNELS: Final = (1, 3)


def refusal_of(descriptor: Any) -> str:
    """Say why srkit cannot use what spandrel describes; nothing where it can."""
    name = descriptor.architecture.id
    if not isinstance(descriptor, ImageModelDescriptor):
        return f"is {name}, which fills in what a mask hides and upscales nothing"
    if descriptor.purpose == _OF_FACES:
        return f"is {name}, which restores cut-out faces and upscales no pictures"
    taken, made = descriptor.input_channels, descriptor.output_channels
    if taken != made or taken not in _CHANNELS:
        return f"is {name} that makes {made} channels of {taken}; pictures have 3, or 1 each"
    return ""
