extension Model {
    /// `logistic`: multinomial logistic regression, 7,850 parameters. Input `[1, 28, 28]`, ten classes; no cut.
    ///
    /// Its loss is convex, so that algorithms can be compared by how near they come to one optimum.
    public static let logistic = Model(
        name: "logistic", input: [1, 28, 28], classes: 10,
        layers: [Flatten(), Linear(784, 10)])
}
