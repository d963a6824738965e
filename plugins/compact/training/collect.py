"""Puts the photographs that the models of a scale learn from in one place.

collect.py x2 FOLDER... OUT, or x4.
"""

import csv
import hashlib
import shutil
import sys
from pathlib import Path

LIST = Path(__file__).parent.parent / "srkit_compact" / "photographs.tsv"


def collect(scale: str, folders: list[Path], out: Path) -> None:
    """Copy every photograph listed for a scale ("x2", "x4") from where it lies below the folders,
    known by its digest.

    Those that are halved before training go into OUT/halved, the others into OUT/whole.
    """
    with LIST.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if scale in row["models"].split():
                target = out / row["seen"] / row["file"]
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(_found(row, folders), target)


def _found(row: dict[str, str], folders: list[Path]) -> Path:
    for folder in folders:
        for path in folder.rglob(row["file"]):
            if hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"]:
                return path
    sys.exit(f"{row['file']} of {row['source']} is in none of the folders")


if __name__ == "__main__":
    *places, destination = map(Path, sys.argv[2:])
    collect(sys.argv[1], places, destination)
