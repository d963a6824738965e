"""What has happened when torch or an engine raises a plain RuntimeError? Only its words tell."""

from typing import Final

OUT_OF_MEMORY: Final = (
    "can't allocate memory",
    "not enough memory",
    "DefaultCPUAllocator",
    "Failed to allocate memory",  # onnxruntime's arena
    "bad allocation",  # what C++ libraries say
    "std::bad_alloc",
)
"""The memory of a CPU did not suffice; that of a GPU has an error of its own."""

LOST_PEER: Final = (
    "onnection closed by peer",
    "onnection reset by peer",
    "remote process exited",
    "Broken pipe",
)
"""Another process of the group has ended, in the words of gloo or NCCL."""

LOST_WORKER: Final = "DataLoader worker (pid"
"""A process that loads batches was lost; torch says so wherever the main one is at that moment."""

NO_MORE_FILES: Final = ("Too many open files", "received 0 items of ancdata")
"""The process may have no more files open."""


def says_any(error: BaseException, *messages: str) -> bool:
    """Whether an error has one of these messages in its text."""
    return any(message in str(error) for message in messages)
