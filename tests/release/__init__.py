"""Can everything that is built here be published, and does it work where nothing else is?"""
