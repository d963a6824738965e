"""Model -> file that other tools open."""
