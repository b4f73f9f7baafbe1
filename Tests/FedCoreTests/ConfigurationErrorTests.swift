import FedCore
import Testing

@Suite struct ConfigurationErrorTests {
    @Test func anUnknownNameListsTheChoices() {
        let error = ConfigurationError(unknown: "model", "cnm", choices: ["cnn", "logistic"])
        #expect("\(error)" == "unknown model 'cnm'; did you mean 'cnn'?")
    }
}
