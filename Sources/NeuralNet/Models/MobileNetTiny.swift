extension Architecture {
    /// `mobilenet-tiny`: a stem and five depthwise separable convolutions at a quarter of MobileNet's widths. 10,474 trained
    /// parameters and 432 running statistics for 3×32×32 and ten classes, 10,330 for one channel.
    ///
    /// A. G. Howard et al., *MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications*, 2017,
    /// arXiv:1704.04861; here normalised once for each block.
    static let mobileNetTiny = Architecture(
        "mobilenet-tiny", "Depthwise separable convolutions at a quarter of MobileNet's width.", for: .colour32
    ) { (_) in
        let blocks = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1)].map { width, stride in
            "depthwise 3x3 stride \(stride) pad 1 no-bias, conv \(width) 1x1 no-bias, batchnorm, relu"
        }
        return "conv 8 3x3 pad 1 no-bias, batchnorm, relu, \(blocks[..<2].joined(separator: ", ")) "
            + "| \(blocks[2...].joined(separator: ", ")), global-avgpool, flatten, linear"
    }
}
