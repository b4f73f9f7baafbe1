extension Model {
    /// `edgecnn-bn`: `edgecnn-large` with batch normalisation after each convolution. Input `[1, 28, 28]`, ten classes.
    ///
    /// 214,730 parameters, 96 of which are running means and variances; 205,824 run on the device, and 128 features
    /// cross the cut.
    public static let edgeCNNBN = Model(
        name: "edgecnn-bn", input: [1, 28, 28], classes: 10, cut: 11,
        layers: [
            Conv2D(1, 16, kernel: 3, padding: 1), BatchNorm2D(16), ReLU(), MaxPool2D(2),
            Conv2D(16, 32, kernel: 3, padding: 1), BatchNorm2D(32), ReLU(), MaxPool2D(2),
            Flatten(), Linear(1568, 128), ReLU(),
            Linear(128, 64), ReLU(), Linear(64, 10),
        ])
}
