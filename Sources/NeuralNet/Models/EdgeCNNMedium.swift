extension Model {
    /// `edgecnn-medium`: one convolution and one hidden layer, 101,146 parameters. Input `[1, 28, 28]`, ten classes; 64
    /// features cross the cut.
    public static let edgeCNNMedium = Model(
        name: "edgecnn-medium", input: [1, 28, 28], classes: 10, cut: 6,
        layers: [
            Conv2D(1, 8, kernel: 3, padding: 1), ReLU(), MaxPool2D(2),
            Flatten(), Linear(1568, 64), ReLU(), Linear(64, 10),
        ])
}
