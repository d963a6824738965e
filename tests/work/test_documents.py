"""Is every written document JSON?"""

import json
from math import inf, nan

from srkit_core.io.documents import json_text, write_json


def test_numbers_that_json_does_not_know_become_null(tmp_path):
    document = {"psnr": inf, "more": [nan, 1.5, {"deep": -inf}], "text": "ä", "flag": True}
    assert json.loads(json_text(document)) == {
        "psnr": None,
        "more": [None, 1.5, {"deep": None}],
        "text": "ä",
        "flag": True,
    }
    write_json(tmp_path / "a" / "b.json", document)
    assert (tmp_path / "a" / "b.json").read_text(encoding="utf-8") == json_text(document)
