// Models that benchmarks of federated learning use.
extension Architecture {
    /// `logistic`: multinomial logistic regression, 7,850 parameters for 1×28×28 and ten classes; no cut.
    ///
    /// Its loss is convex, so that algorithms can be compared by how near they come to one optimum.
    static let logistic = Architecture(
        "logistic", "Logistic regression, whose loss is convex.", for: .grey28, layers: "flatten, linear")

    /// `simplecnn`: two unpadded convolutions with dropout; 1,199,882 parameters for 1×28×28 and ten classes, 128 features
    /// cross the cut. On 3×32×32 it is `cifar-cnn`.
    ///
    /// F. Granqvist et al., *pfl-research: simulation framework for accelerating research in Private Federated Learning*,
    /// NeurIPS 2024 Datasets and Benchmarks, arXiv:2404.06430.
    static let simpleCNN = Architecture(
        "simplecnn", "Two convolutions with dropout, of pfl-research's benchmarks.", for: .grey28, layers: pflLayers)

    /// `cifar-cnn`: pfl-research's model for CIFAR-10, 1,626,442 parameters for 3×32×32 and ten classes.
    static let cifarCNN = Architecture(
        "cifar-cnn", "simplecnn on colour images, as pfl-research trains CIFAR-10.", for: .colour32, layers: pflLayers)

    private static let pflLayers = """
        conv 32 3x3, relu, conv 64 3x3, relu, maxpool 2, dropout 0.25, flatten, linear 128, relu | dropout 0.5, linear
        """
}
