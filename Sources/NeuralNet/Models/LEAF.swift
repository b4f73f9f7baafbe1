// The models of LEAF's benchmarks: S. Caldas et al., *LEAF: A Benchmark for Federated Settings*, 2018, arXiv:1812.01097,
// <https://github.com/TalwalkarLab/leaf>.
extension Architecture {
    /// `femnist-cnn`: `models/femnist/cnn.py` of LEAF. 6,603,710 parameters for 1×28×28 and 62 classes.
    static let femnistCNN = Architecture(
        "femnist-cnn", "LEAF's model for handwritten characters.", for: DataForm([1, 28, 28], outputs: 62),
        layers: """
            conv 32 5x5 pad 2, relu, maxpool 2, conv 64 5x5 pad 2, relu, maxpool 2, flatten, linear 2048, relu | linear
            """)

    /// `char-lstm`: `models/shakespeare/stacked_lstm.py` of LEAF: the next of 80 characters after 80. 819,920 parameters;
    /// LEAF's has 817,872, because its cells have one bias, PyTorch's two.
    static let charLSTM = Architecture(
        "char-lstm", "LEAF's model for the next character.", for: DataForm([1, 1, 80], outputs: 80)
    ) { form in "embedding \(form.outputs) 8, lstm 256 layers 2 last, linear" }
}
