"""Is the KEY=VALUE of a --set read as TOML, and as text where it is none?"""

import pytest

from srkit_core.errors import RecipeError
from srkit_core.settings import read_setting


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("stages.0.lr=2e-4", ("stages", "0", "lr"), 2e-4),
        (" scale = 4", ("scale",), 4),
        ("loss=l1 + 0.1*vgg(layer=conv5_4)", ("loss",), "l1 + 0.1*vgg(layer=conv5_4)"),
        ('models."CelebA: a.b"=x.pth', ("models", "CelebA: a.b"), "x.pth"),
        ("models.'a=b'=x", ("models", "a=b"), "x"),
        ("models.first try=x", ("models", "first try"), "x"),
        ("hold_out=['a', 'b']", ("hold_out",), ["a", "b"]),
        ("a.b=", ("a", "b"), ""),
    ],
)
def test_a_path_and_a_value(text, path, value):
    read = read_setting(text)
    assert (read.path, read.value, read.text) == (path, value, text)


@pytest.mark.parametrize("text", ["scale", "=4", "a..b=1", ".=1", 'a."b=1'])
def test_what_is_no_setting_is_refused(text):
    with pytest.raises(RecipeError, match="--set takes key=value, not"):
        read_setting(text)
