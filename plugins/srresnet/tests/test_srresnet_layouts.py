"""Do other projects' files of SRResNet become what they were?"""

from srkit_core.testing import LayoutContract


class TestFromTensorFlow(LayoutContract):
    layout = "srgan"
    expression = (
        "srresnet(layout=srgan, blocks=2, features=8, head=tanh, norm=batch, "
        "slopes=channel, bn_eps=1e-3)"
    )


class TestFromTorch(LayoutContract):
    layout = "srgan"
    expression = "srresnet(layout=srgan, blocks=3, features=4, head=tanh, norm=batch)"
    scale = 3


class TestWithoutNormalisation(LayoutContract):
    layout = "srgan"
    expression = "srresnet(layout=srgan, blocks=1, features=4, head=tanh, norm=none)"
    scale = 2


class TestMSRResNet(LayoutContract):
    layout = "basicsr-msrresnet"
    expression = "srresnet(layout=msr, blocks=2, features=8, head=linear, norm=none)"


class TestMSRResNetAt3(LayoutContract):
    layout = "basicsr-msrresnet"
    expression = "srresnet(layout=msr, blocks=1, features=8, head=linear, norm=none)"
    scale = 3


class TestMSRResNetOf2018(LayoutContract):
    layout = "basicsr-msrresnet-2018"
    expression = "srresnet(layout=msr, blocks=2, features=8, head=linear, norm=none)"

    def foreign_name(self, name):
        return name.replace("body", "recon_trunk").replace("conv_hr", "HRconv")
