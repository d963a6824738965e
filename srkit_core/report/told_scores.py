"""Which scores does a page tell of, and which of them may stand in one table?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from srkit_core.errors import IncompatibleError
from srkit_core.evaluation.comparison import side_by_side
from srkit_core.evaluation.score_files import read_scores_by_set
from srkit_core.evaluation.scores import Scores


@dataclass(frozen=True)
class ScoreStory:
    """Scores of models on one set of pictures, which may have a name, as `label` calls them."""

    label: str
    set_name: str
    scores: Scores

    @property
    def pictures(self) -> Sequence[str]:
        """The names of the pictures, in their order."""
        return tuple(dict.fromkeys(name for one in self.scores.models for name in one.images))


def read_told_scores(path: Path, label: str) -> tuple[ScoreStory, ...]:
    """Return the scores of each set of a file of `srkit eval --json`; raises DataError when it is
    none.
    """
    sets = read_scores_by_set(path).sets
    return tuple(
        ScoreStory(f"{label}: {name}" if name else label, name, scores)
        for name, scores in sets.items()
    )


def comparable(stories: Sequence[ScoreStory]) -> list[ScoreStory]:
    """Return scores in as few tables as there can be: those of one protocol and the same pictures
    as one.
    """
    groups = list[ScoreStory]()
    for one in stories:
        for place, group in enumerate(groups):
            try:
                found = side_by_side([(group.scores, group.label), (one.scores, one.label)])
            except IncompatibleError:
                continue
            label = f"{group.label} and {one.label}"
            groups[place] = ScoreStory(label, group.set_name, found)
            break
        else:
            groups.append(one)
    return groups
