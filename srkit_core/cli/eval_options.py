"""What can be said behind `srkit eval`?"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from srkit_core.devices import DeviceName, PrecisionName

Models = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL...|RECIPE",
        help="Weights files, run folders, known weights, baselines such as bicubic, folders of "
        "pictures that somebody made, or an evaluation recipe (a file, or the name of a shipped "
        "one), to which models after it are added.",
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        help="Folder of HR pictures, output of srkit prepare, or 'photos'; for a recipe of several "
        "sets, the folder that they are in."
    ),
]
SplitOption = Annotated[
    Literal["train", "val", "test"] | None,
    typer.Option(
        help="Which pictures of prepared data, or without --data of what a run held out (default: "
        "test, else val, else all)."
    ),
]
LrOption = Annotated[
    Path | None, typer.Option(help="Folder of LR pictures with the same stems (or stem + x4).")
]
ScaleOption = Annotated[
    int | None, typer.Option(min=1, max=64, help="Where neither a model nor --lr says it.")
]
DegradeOption = Annotated[
    str | None,
    typer.Option(help="How LR is made from HR (default: bicubic), or paired: as the data hold it."),
]
MetricsOption = Annotated[str | None, typer.Option(help="A sum of metrics (default: psnr+ssim).")]
ProtocolOption = Annotated[
    Literal["y", "rgb"] | None, typer.Option(help="Luma or RGB (default: y).")
]
BorderOption = Annotated[
    int | None, typer.Option(min=0, help="HR pixels cut from each side (default: the scale).")
]
CropOption = Annotated[
    int | None,
    typer.Option(min=0, help="Score the centre crop of so many HR pixels (default: all of it)."),
]
AgainstOption = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL", help="Test all others against this model: is the difference by chance?"
    ),
]
ExplainFlag = Annotated[
    bool, typer.Option("--explain", help="Score the same SR under the protocols of others too.")
]
DeviceOption = Annotated[DeviceName, typer.Option(help="Where to compute.")]
PrecisionOption = Annotated[PrecisionName, typer.Option(help="auto is fp32.")]
TileOption = Annotated[
    int | None,
    typer.Option(
        min=1, help="Side of a tile in LR pixels (default: whole pictures up to 512x512)."
    ),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Any field of the evaluation recipe, such as baseline=bicubic, sets.Set5.border=0 or "
        "models.NAME=MODEL; repeatable.",
    ),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="This set, or this group of models, of the recipe alone; repeatable."
    ),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write scores, protocol and images to this file.")
]
PicturesOption = Annotated[
    Path | None, typer.Option(help="Write the upscaled pictures into this folder.")
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that exist, and those of --pictures.")
]
