"""What can authors of plugins check their components against? See `contracts`."""
