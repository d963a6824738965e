"""Announces: pretrained VGG and AlexNet features for losses and metrics."""
