extension Model {
    /// `simplecnn`: two unpadded convolutions with dropout, common in federated-learning benchmarks. Input
    /// `[1, 28, 28]`, ten classes; 1,199,882 parameters, 128 features cross the cut.
    ///
    /// F. Granqvist et al., *pfl-research: simulation framework for accelerating research in Private Federated
    /// Learning*, NeurIPS 2024 Datasets and Benchmarks, arXiv:2404.06430 (there on 32×32×3 images).
    public static let simpleCNN = Model(
        name: "simplecnn", input: [1, 28, 28], classes: 10, cut: 9,
        layers: [
            Conv2D(1, 32, kernel: 3), ReLU(), Conv2D(32, 64, kernel: 3), ReLU(), MaxPool2D(2), Dropout(0.25),
            Flatten(), Linear(9216, 128), ReLU(), Dropout(0.5),
            Linear(128, 10),
        ])
}
