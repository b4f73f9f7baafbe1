extension Architecture {
    /// `resnet18`: ResNet-18 with a 3×3 stem for small images. 11,173,962 trained parameters for 3×32×32 and ten classes,
    /// and 9,600 running statistics; keys are those of torchvision.
    ///
    /// K. He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, arXiv:1512.03385.
    static let resNet18 = Architecture(
        "resnet18", "ResNet-18 with a 3x3 stem, batch normalisation.", for: .colour32
    ) { (_) in resNet { _ in "batchnorm" } }

    /// `resnet18-gn`: the same with group normalisation, whose statistics are each sample's own: none is federated, and
    /// skewed clients do not pull at them. 11,173,962 parameters for 3×32×32 and ten classes.
    ///
    /// K. Hsieh et al., *The Non-IID Data Quagmire of Decentralized Machine Learning*, ICML 2020, arXiv:1910.00189;
    /// Y. Wu, K. He, *Group Normalization*, ECCV 2018, arXiv:1803.08494.
    static let resNet18GN = Architecture(
        "resnet18-gn", "ResNet-18 with a 3x3 stem, group normalisation.", for: .colour32
    ) { (_) in resNet { _ in "groupnorm 32" } }

    /// The text of a ResNet of two basic blocks at each of four widths, with torchvision's names.
    private static func resNet(_ norm: (_ width: Int) -> String) -> String {
        var layers = ["conv 64 3x3 pad 1 no-bias as conv1", "\(norm(64)) as bn1", "relu as relu"]
        var source = "relu"
        for (stage, width) in [64, 128, 256, 512].enumerated() {
            for block in 0..<2 {
                let name = "layer\(stage + 1).\(block)"
                let isSmaller = stage > 0 && block == 0
                layers += [
                    "conv \(width) 3x3 stride \(isSmaller ? 2 : 1) pad 1 no-bias as \(name).conv1",
                    "\(norm(width)) as \(name).bn1",
                    "relu as \(name).relu1", "conv \(width) 3x3 pad 1 no-bias as \(name).conv2",
                    "\(norm(width)) as \(name).bn2",
                ]
                if isSmaller {
                    layers += [
                        "conv \(width) 1x1 stride 2 no-bias from \(source) as \(name).downsample.0",
                        "\(norm(width)) as \(name).downsample.1", "add \(name).bn2 as \(name).add",
                    ]
                } else {
                    layers.append("add \(source) as \(name).add")
                }
                source = "\(name).relu2"
                layers.append("relu as \(source)")
            }
        }
        return layers.joined(separator: ", ") + ", global-avgpool as avgpool, flatten as flatten, linear as fc"
    }
}
