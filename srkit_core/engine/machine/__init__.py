"""What a run computes on: processes, memory, and the signals that stop it."""
