"""What does a person say of prepared pictures, beside what is written of them?"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ManifestFields:
    """What is said of pictures: `split`, the shares or lists of validation and test, such as
    "0.15,0.05"; their `licence`; `duplicates`, whether those stay that look like others.

    None stands for as before: no split, no licence and no duplicates the first time.
    """

    split: str | None = None
    licence: str | None = None
    duplicates: bool | None = None
