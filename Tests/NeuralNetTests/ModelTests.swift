import FedCore
import NeuralNet
import Testing

struct ModelTests {
    @Test(arguments: [
        ("edgecnn-large", 214_538), ("edgecnn-medium", 101_146), ("edgecnn-small", 50_890), ("logistic", 7_850),
        ("simplecnn", 1_199_882),
    ])
    func `parameter counts are exact`(name: String, count: Int) throws {
        #expect(try Models.named(name).parameterCount == count)
    }
}
