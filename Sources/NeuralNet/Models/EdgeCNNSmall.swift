extension Model {
    /// `edgecnn-small`: one hidden layer, no convolution, 50,890 parameters. Input `[1, 28, 28]`, ten classes; 64
    /// features cross the cut.
    public static let edgeCNNSmall = Model(
        name: "edgecnn-small", input: [1, 28, 28], classes: 10, cut: 3,
        layers: [Flatten(), Linear(784, 64), ReLU(), Linear(64, 10)])
}
