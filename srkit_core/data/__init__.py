"""From files to batches: which pixels, in what order, seen how."""
