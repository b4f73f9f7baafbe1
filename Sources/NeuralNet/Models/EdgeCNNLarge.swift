extension Model {
    /// `edgecnn-large`, the default model: two convolutions on the device's side, a small classifier on the
    /// server's. Input `[1, 28, 28]`, ten classes.
    ///
    /// 214,538 parameters, of which 205,632 run on the device; 128 features cross the cut.
    public static let edgeCNNLarge = Model(
        name: "edgecnn-large", input: [1, 28, 28], classes: 10, cut: 9,
        layers: [
            Conv2D(1, 16, kernel: 3, padding: 1), ReLU(), MaxPool2D(2),
            Conv2D(16, 32, kernel: 3, padding: 1), ReLU(), MaxPool2D(2),
            Flatten(), Linear(1568, 128), ReLU(),
            Linear(128, 64), ReLU(), Linear(64, 10),
        ])
}
