"""Files and pixels: the only room that opens a picture or changes a range."""
