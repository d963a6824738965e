"""Which addresses of pictures does srkit read itself: those of fsspec?"""

from srkit_core.interfaces import PictureSource
from srkit_core.specs import DataSourceSpec

_READ_BY_FSSPEC = {
    "abfs": "Azure Data Lake",
    "az": "Azure Blob Storage",
    "box": "Box",
    "dropbox": "Dropbox",
    "file": "folders of this machine",
    "ftp": "FTP servers",
    "gcs": "Google Cloud Storage",
    "gdrive": "Google Drive",
    "git": "git repositories",
    "github": "GitHub repositories",
    "gs": "Google Cloud Storage",
    "hdfs": "Hadoop",
    "hf": "Hugging Face repositories",
    "http": "web servers",
    "https": "web servers",
    "memory": "the memory of this process",
    "oci": "Oracle Cloud",
    "oss": "Alibaba Cloud",
    "s3": "S3 buckets",
    "s3a": "S3 buckets",
    "sftp": "SFTP servers",
    "simplecache": "other addresses, through a cache of fsspec",
    "smb": "Windows shares",
    "ssh": "SSH servers",
    "tar": "tar archives",
    "webdav": "WebDAV servers",
    "webhdfs": "Hadoop",
    "zip": "zip archives",
}


def fsspec_source() -> PictureSource:
    """Read pictures through fsspec."""
    from srkit_core.builtin.fsspec_source import FsspecSource

    return FsspecSource()


DATA_SOURCES = tuple(
    DataSourceSpec(
        name=scheme, factory=fsspec_source, summary=f"pictures of {what}", source="fsspec"
    )
    for scheme, what in _READ_BY_FSSPEC.items()
)
