extension Model {
    /// Multinomial logistic regression: 7,850 parameters, a convex loss.
    public static let logistic = Model(
        name: "logistic", input: [1, 28, 28], classes: 10,
        layers: [Flatten(), Linear(784, 10)])
}
