import FedMPI

extension Architecture {
    /// Two hidden layers of 200 units: 199,210 parameters for 1×28×28 and ten classes.
    ///
    /// H. B. McMahan, E. Moore, D. Ramage, S. Hampson, B. Agüera y Arcas, *Communication-Efficient Learning of Deep Networks from
    /// Decentralized Data*, AISTATS 2017, section 3, "MNIST 2NN", arXiv:1602.05629.
    static let twoHiddenLayers = Architecture(
        "2nn", "Two hidden layers of 200 units.", for: DataForm([1, 28, 28], outputs: 10),
        layers: "linear 200, relu | linear 200, relu, linear")
}
