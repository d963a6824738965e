"""Where on the web does a file of a Hugging Face hub lie, and which must it be?

The address of `hf://OWNER/REPO[@REVISION]/FILE` is made as huggingface_hub makes it; HF_ENDPOINT
names another hub, HF_TOKEN opens what is not public. A hub says the sha256 of a large file before
it sends it.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from srkit_core.downloads import first_headers

HUB: Final = "https://huggingface.co"
_ADDRESS: Final = re.compile(
    r"hf://(?P<kind>datasets/|spaces/|models/)?(?P<repo>[^/@]+/[^/@]+)(@(?P<revision>[^/]+))?"
    r"/(?P<file>.*[^/])",
    re.IGNORECASE,
)
_KINDS: Final = ("datasets/", "spaces/", "models/")
_DIGEST_HEADER: Final = "X-Linked-ETag"


@dataclass(frozen=True)
class HubFile:
    """A file of a hub: its address, and the headers that are shown to the hub alone."""

    url: str
    private: Mapping[str, str] = field(default_factory=dict, repr=False)

    def sha256(self) -> str:
        """Return the digest that the hub says it has, nothing where it says none."""
        said = first_headers(self.url, self.private).get(_DIGEST_HEADER) or ""
        digest = said.removeprefix("W/").strip('"')
        return digest if re.fullmatch(r"[0-9a-f]{64}", digest) else ""


def hub_file(address: str) -> HubFile | None:
    """Return the file that an address means; None where it is none of a hub's files."""
    from urllib.parse import quote, unquote

    found = _ADDRESS.fullmatch(address)
    if found is None or (not found["kind"] and found["repo"].lower().startswith(_KINDS)):
        return None
    endpoint = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
    kind = (found["kind"] or "").lower().replace("models/", "")
    revision = quote(unquote(found["revision"] or "main"), safe="")
    url = f"{endpoint}/{kind}{found['repo']}/resolve/{revision}/{quote(found['file'])}"
    token = os.environ.get("HF_TOKEN", "").strip()
    return HubFile(url, {"Authorization": f"Bearer {token}"} if token else {})
