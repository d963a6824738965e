"""Is docs/recipe.md what the models of a recipe say?"""

from srkit_core.recipe_fields import fields_markdown


def test_the_page_is_up_to_date(root):
    page = (root / "docs/recipe.md").read_text(encoding="utf-8")
    assert page == fields_markdown(), "srkit recipes --fields --markdown > docs/recipe.md"
