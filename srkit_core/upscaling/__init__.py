"""How does a picture become larger: model + picture file -> larger picture file?"""
