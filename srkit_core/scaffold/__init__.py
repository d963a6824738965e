"""How does the folder of a new plugin come about? Templates of distributions, and what fills them.

`templates/shared` is in every distribution, one of the other folders beside it. In paths PACKAGE
and NAME are replaced, in files `$name` and the like.
"""
