"""From a model to scores and pictures."""
