import FedMPI

extension Model {
    /// Two hidden layers of 200 units: 199,210 parameters.
    ///
    /// H. B. McMahan, E. Moore, D. Ramage, S. Hampson, B. Agüera y Arcas, *Communication-Efficient Learning of Deep Networks from
    /// Decentralized Data*, AISTATS 2017, section 3, "MNIST 2NN", arXiv:1602.05629.
    static let twoHiddenLayers = Model(
        name: "2nn", input: [1, 28, 28], classes: 10, cut: 3,
        layers: [Flatten(), Linear(784, 200), ReLU(), Linear(200, 200), ReLU(), Linear(200, 10)])
}
