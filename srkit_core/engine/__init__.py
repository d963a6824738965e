"""From a recipe to weights: step = what, loop = when, state = memory."""
