"""Announces: LPIPS as metric and loss."""
