/// The type of the numbers that convolutions and linear layers multiply in local training (`--precision`).
public enum Precision: String, Codable, Sendable, CaseIterable {
    /// Single precision, IEEE 754 binary32.
    case single = "f32"
    /// Brain floats, the upper half of a Float: 8 bits of exponent, 8 of fraction. Weights, the gradients of weights,
    /// sums and the optimizer stay in single precision, so that small steps are not lost.
    ///
    /// D. Kalamkar et al., *A Study of BFLOAT16 for Deep Learning Training*, 2019, arXiv:1905.12322; P. Micikevicius et
    /// al., *Mixed Precision Training*, ICLR 2018, arXiv:1710.03740 (the copy of weights in single precision).
    case brainFloat = "bf16"
}
