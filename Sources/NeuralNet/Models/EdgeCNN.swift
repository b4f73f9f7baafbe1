// Small convolutional networks for edge devices; parameter counts for 1×28×28 and ten classes.
extension Architecture {
    /// `edgecnn-large`, the default model: two convolutions on the device's side, a small classifier on the server's.
    ///
    /// 214,538 parameters, of which 205,632 run on the device; 128 features cross the cut.
    static let edgeCNNLarge = Architecture(
        "edgecnn-large", "Two convolutions and three linear layers.", for: .grey28,
        layers: """
            conv 16 3x3 pad 1, relu, maxpool 2, conv 32 3x3 pad 1, relu, maxpool 2, flatten, linear 128, relu \
            | linear 64, relu, linear
            """)

    /// `edgecnn-bn`: `edgecnn-large` with batch normalisation after each convolution.
    ///
    /// 214,730 parameters, 96 of which are running means and variances; 205,824 run on the device, and 128 features cross
    /// the cut.
    static let edgeCNNBN = Architecture(
        "edgecnn-bn", "edgecnn-large with batch normalisation.", for: .grey28,
        layers: """
            conv 16 3x3 pad 1, batchnorm, relu, maxpool 2, conv 32 3x3 pad 1, batchnorm, relu, maxpool 2, flatten, \
            linear 128, relu | linear 64, relu, linear
            """)

    /// `edgecnn-medium`: one convolution and one hidden layer, 101,146 parameters; 64 features cross the cut.
    static let edgeCNNMedium = Architecture(
        "edgecnn-medium", "One convolution and two linear layers.", for: .grey28,
        layers: "conv 8 3x3 pad 1, relu, maxpool 2, flatten, linear 64, relu | linear")

    /// `edgecnn-small`: one hidden layer, no convolution, 50,890 parameters; 64 features cross the cut.
    static let edgeCNNSmall = Architecture(
        "edgecnn-small", "One hidden layer, no convolution.", for: .grey28, layers: "flatten, linear 64, relu | linear")
}

extension DataForm {
    /// MNIST and its successors: grey images of 28×28 pixels in ten classes.
    static let grey28 = DataForm([1, 28, 28], outputs: 10)
    /// CIFAR-10: colour images of 32×32 pixels in ten classes.
    static let colour32 = DataForm([3, 32, 32], outputs: 10)
    /// A table of 32 columns and ten classes.
    static let table32 = DataForm([1, 1, 32], outputs: 10)
}
