"""Does a metric of a whole set give one score a set, wherever its pictures were scored?"""

import json
from dataclasses import replace
from math import isnan, nan

import pytest
import torch

from srkit_core.engine.validator import _by_column
from srkit_core.errors import PluginError
from srkit_core.evaluation.comparison import compare
from srkit_core.evaluation.protocol import Protocol
from srkit_core.evaluation.score_files import read_scores
from srkit_core.evaluation.scores import ModelScores, Scores
from srkit_core.evaluation.scores_by_set import ScoresBySet
from srkit_core.evaluation.scoring import BuiltMetric, Pair, score, score_model
from srkit_core.evaluation.set_scores import features_of, set_score
from srkit_core.interfaces import Metric, SetMetric
from srkit_core.models.find_model import open_model
from srkit_core.registry import discover
from srkit_core.specs import MetricSpec


class MeanColour:
    """Distance of the mean colours of two sets."""

    def features(self, pictures, /):
        return pictures.mean((2, 3))

    def compare(self, sr, hr, /):
        distance = (sr.mean(0) - hr.mean(0)).norm()
        return distance if len(sr) > 1 else torch.tensor(nan)


class Mae:
    def __call__(self, sr, hr, /):
        return (sr - hr).abs().mean((1, 2, 3))


def mean_colour() -> SetMetric:
    """Distance of mean colours."""
    return MeanColour()


def mae() -> Metric:
    """Mean absolute error."""
    return Mae()


SPEC = MetricSpec(
    name="mean-colour",
    factory=mean_colour,
    summary="distance of mean colours",
    higher_is_better=False,
    domain="rgb",
    of_set=True,
)
METRICS = [
    BuiltMetric("mean-colour", SPEC, MeanColour(), "x/mean-colour"),
    BuiltMetric("mae", replace(SPEC, name="mae", factory=mae, of_set=False), Mae(), "x/mae"),
]


@pytest.fixture(scope="module")
def pairs():
    draw = torch.Generator().manual_seed(1)
    sizes = {"a": 5, "b": 7, "c": 6}
    return [
        Pair(name, torch.rand(1, 3, side, 4, generator=draw), torch.rand(1, 3, 2 * side, 8))
        for name, side in sizes.items()
    ]


def scored(pairs, **options):
    model = open_model("nearest", discover(), 2, torch.device("cpu"), torch.float32)
    return score_model("near", model, iter(pairs), Protocol("rgb", 2), METRICS, **options)


def test_the_score_is_of_all_pictures_together(pairs):
    found = scored(pairs)
    means = [
        torch.stack([(side(one) * 255).round().mean((2, 3)) / 255 for one in pairs]).mean(0)
        for side in (lambda one: one.lr, lambda one: one.hr)
    ]
    expected = (means[0] - means[1]).norm().item()
    assert expected > 0.005
    assert found.mean("mean-colour") == pytest.approx(expected, abs=1e-6)
    assert isnan(found.std("mean-colour"))
    assert found.left_out("mean-colour") == ()
    assert found.judged("mean-colour") == {}
    assert [list(one) for one in found.images.values()] == [["mae"]] * 3


def test_it_is_the_same_whoever_scores_which_pictures(pairs):
    whole, gathered = scored(pairs).of_set["mean-colour"], []
    scored(pairs[:1], collect=lambda mine: gathered.extend(mine) or mine)
    shared = scored(pairs[1:], collect=lambda mine: [*mine, *gathered])
    assert shared.of_set["mean-colour"] == whole
    assert list(shared.images) == ["b", "c", "a"]


def test_json_has_the_score_of_the_set_and_none_of_its_pictures(pairs, tmp_path):
    scores = Scores({"channel": "rgb"}, (scored(pairs),))
    document = scores.to_dict()["models"][0]
    assert document["metrics"]["mean-colour"] == {
        "mean": scores.mean("mean-colour"),
        "std": None,
        "interval": None,
        "unit": "",
        "higher_is_better": False,
        "of_set": True,
    }
    assert [list(one) for one in document["images"]] == [["name", "mae"]] * 3
    file = tmp_path / "scores.json"
    file.write_text(json.dumps(scores.to_dict()))
    again = read_scores(file)
    assert again.to_dict() == scores.to_dict()
    assert compare(file).mean("mean-colour") == scores.mean("mean-colour")


def test_several_sets_have_a_mean_of_their_scores_and_no_score_of_all_pictures(pairs):
    protocol = {"channel": "rgb", "metrics": {"mean-colour": "1", "mae": "1"}}
    sets = {"one": pairs, "two": pairs[:2]}
    by_set = {name: Scores(protocol, (scored(some),)) for name, some in sets.items()}
    means = [one.mean("mean-colour") for one in by_set.values()]
    document = ScoresBySet(by_set).to_dict()
    assert list(document["models"][0]["metrics"]) == ["mae"]
    assert document["means"][0]["metrics"]["mean-colour"] == pytest.approx(sum(means) / 2)


def test_a_set_that_is_too_small_has_no_score(pairs):
    found = scored(pairs[:1])
    assert isnan(found.mean("mean-colour"))
    assert found.to_dict()["metrics"]["mean-colour"]["mean"] is None
    columns = _by_column({"": found})
    assert "mean-colour" not in columns.figures
    assert columns.judged["mean-colour"] == {}
    assert columns.left_out == {}


def test_validation_has_the_score_and_no_deviation(pairs):
    found = scored(pairs)
    columns = _by_column({"": found})
    assert list(columns.figures) == ["mean-colour", "mae", "mae/std"]
    assert columns.judged["mean-colour"] == {"": found.mean("mean-colour")}


def test_a_training_batch_is_no_set(pairs):
    sr = torch.rand(1, 3, 12, 8)
    assert list(score(sr, pairs[2].hr, Protocol("rgb", 2), METRICS)) == ["mae"]


def test_features_of_another_shape_are_refused():
    class Flat(MeanColour):
        def features(self, pictures, /):
            return pictures.mean()

    with pytest.raises(PluginError, match=r"have the shape \(\), not \(1, F\)"):
        features_of(Flat(), torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 4))


def test_what_a_comparison_raises_names_the_component():
    class Broken(MeanColour):
        def compare(self, sr, hr, /):
            raise ZeroDivisionError("no such thing")

    features = {"a": (torch.ones(2), torch.ones(2))}
    with pytest.raises(
        PluginError, match="'broken' of x failed when it scored 1 pictures as a set"
    ):
        set_score(Broken(), "x/broken", features)


def test_scores_know_which_are_of_sets():
    one = ModelScores("m", {"a": {}}, {"mean-colour": SPEC}, of_set={"mean-colour": 2.0})
    assert one.mean("mean-colour") == 2.0
