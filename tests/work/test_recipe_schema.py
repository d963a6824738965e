"""Does the JSON Schema of a recipe know what is installed?"""

from srkit_core.recipe_schema import recipe_schema
from srkit_core.registry import discover


def test_the_schema_knows_what_is_installed():
    defined = recipe_schema(discover())["$defs"]
    blocks = defined["generator:rrdb"]["properties"]["blocks"]
    assert (blocks["type"], blocks["minimum"], blocks["default"]) == ("integer", 1, 23)
    assert "residual" in blocks["description"] or blocks["description"]
    assert defined["loss:gan"]["properties"]["real_label"]["maximum"] == 1
    assert defined["discriminator:multi-scale"]["required"] == ["of"]
    names = {one["const"]: one for one in defined["metric"]["oneOf"]}
    assert names["ssim"]["description"] == "ssim(window=11, sigma=1.5, protocol=none, border=none)"
    assert names["ssim"]["x-srkit-options"] == "#/$defs/metric:ssim"
    assert {one["const"] for one in defined["augmentation"]["oneOf"]} >= {"flip", "turn", "cutblur"}
    optimizer = defined["OptimizerConfig"]["properties"]
    assert {"Adam", "AdamW", "SGD"} <= set(optimizer["name"]["anyOf"][0]["enum"])
    schedule = defined["Schedule"]["anyOf"][0]["properties"]
    assert schedule["name"]["anyOf"][0]["enum"] == [
        *("constant", "cosine", "exponential", "multistep"),
        *("one-cycle", "plateau", "polynomial"),
    ]
    assert schedule["gamma"]["description"] == "an option of exponential, multistep"
    assert "Adam" in optimizer["betas"]["description"]
