// Small networks for tables, as edge devices run them; parameter counts for 32 columns and ten classes.
extension Architecture {
    /// `edge-mlp`: two hidden layers with dropout, 1,754 parameters.
    static let edgeMLP = Architecture(
        "edge-mlp", "Two hidden layers of 32 and 16 units, dropout 0.1; for tables.", for: .table32,
        layers: "linear 32, relu, dropout 0.1, linear 16, relu | linear")

    /// `tinyml`: one hidden layer, 698 parameters: what a microcontroller holds.
    static let tinyML = Architecture(
        "tinyml", "One hidden layer of 16 units; for tables.", for: .table32, layers: "linear 16, relu | linear")

    /// `compact`: two hidden layers, 4,522 parameters.
    static let compact = Architecture(
        "compact", "Two hidden layers of 64 and 32 units; for tables.", for: .table32,
        layers: "linear 64, relu, linear 32, relu | linear")

    /// `mobile`: two hidden layers with dropout, 13,130 parameters.
    static let mobile = Architecture(
        "mobile", "Two hidden layers of 128 and 64 units, dropout 0.2; for tables.", for: .table32,
        layers: "linear 128, relu, dropout 0.2, linear 64, relu | dropout 0.2, linear")
}
