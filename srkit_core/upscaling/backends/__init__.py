"""With what is a picture computed: torch, or an inference engine that needs none?"""
