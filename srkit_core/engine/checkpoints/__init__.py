"""What survives a crash: checkpoints, the run folder that holds them, and which are kept."""
