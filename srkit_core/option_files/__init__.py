"""Which recipe says what an option file of another trainer says?"""
