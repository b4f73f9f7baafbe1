import Foundation
import NeuralNet
import Testing

struct DistillationLossTests {
    /// What `scripts/make-fixtures` recorded of `torch.nn.functional.kl_div` and `cross_entropy`, in doubles.
    struct Case: Decodable, CustomTestStringConvertible {
        let classes: Int
        let batch: Int
        let temperature: Float
        let hardWeight: Float
        /// Scale of the scores.
        let scale: Float
        let loss: Double
        let gradient: [Double]

        var testDescription: String { "\(classes) classes, T \(temperature), w \(hardWeight), scores to \(scale)" }

        var student: [Float] { hashed(batch * classes, salt: 50).map { scale * $0 } }
        var teacher: [Float] { hashed(batch * classes, salt: 51).map { scale * $0 } }
        var labels: [Int32] { (0..<batch).map { Int32($0 * 7 % classes) } }
        var distillation: DistillationLoss { DistillationLoss(temperature: temperature, hardWeight: hardWeight) }

        static let all: [Case] = {
            guard let url = Bundle.module.url(forResource: "Fixtures/distillation", withExtension: "json"),
                let data = try? Data(contentsOf: url)
            else { return [] }
            return (try? JSONDecoder().decode([Case].self, from: data)) ?? []
        }()
    }

    /// As a teacher's scores are made ready.
    static func targets(_ scores: [Float], classes: Int, _ loss: DistillationLoss) -> [Float] {
        var targets: [Float] = []
        for start in stride(from: 0, to: scores.count, by: classes) {
            var target = [Float](repeating: .nan, count: DistillationLoss.targetCount(classes: classes))
            var span = target.mutableSpan
            loss.makeTarget(scores.span.extracting(start..<start + classes), into: &span)
            targets += target
        }
        return targets
    }

    /// The summed loss, the number of right answers and the gradient.
    static func differentiate(
        _ scores: [Float], classes: Int, labels: [Int32], teacher: [Float], _ loss: DistillationLoss
    ) -> (result: BatchResult, gradient: [Float]) {
        let targets = targets(teacher, classes: classes, loss)
        var gradient = [Float](repeating: .nan, count: scores.count)
        var span = gradient.mutableSpan
        let result = loss.differentiate(
            scores.span, classes: classes, labels: labels.span, targets: targets.span, gradient: &span)
        return (result, gradient)
    }

    @Test func `the fixtures are found`() {
        #expect(Case.all.count == 9)
    }

    @Test(arguments: Case.all)
    func `loss and gradient are PyTorch's`(fixture: Case) {
        let (result, gradient) = Self.differentiate(
            fixture.student, classes: fixture.classes, labels: fixture.labels, teacher: fixture.teacher,
            fixture.distillation)
        #expect(relativeError(result.lossSum / Double(fixture.batch), fixture.loss) < 1e-5)
        let norm = fixture.gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for (own, expected) in zip(gradient, fixture.gradient) { #expect(abs(Double(own) - expected) < 1e-5 * norm) }
    }

    @Test func `a student that says what the teacher says has nothing to learn from it`() {
        let scores = hashed(40, salt: 3).map { 9 * $0 }
        let (result, gradient) = Self.differentiate(
            scores, classes: 10, labels: [1, 2, 3, 4], teacher: scores,
            DistillationLoss(temperature: 3, hardWeight: 0))
        #expect(abs(result.lossSum) < 1e-4)
        #expect(gradient.allSatisfy { abs($0) < 1e-6 })
    }

    @Test func `T² keeps the gradient of the soft part as large at any high temperature`() {
        // The limit for equal means is (student − teacher) / classes: section 2.1 of the paper, equation 4.
        let student: [Float] = [0.5, -0.25, -0.25]
        let teacher: [Float] = [-1, 0.25, 0.75]
        let (_, gradient) = Self.differentiate(
            student, classes: 3, labels: [0], teacher: teacher, DistillationLoss(temperature: 500, hardWeight: 0))
        for i in 0..<3 { #expect(abs(gradient[i] - (student[i] - teacher[i]) / 3) < 2e-3) }
    }

    @Test func `a class that the teacher rules out is no infinity`() {
        let (result, gradient) = Self.differentiate(
            [0, 200, -200], classes: 3, labels: [0], teacher: [300, -300, 0],
            DistillationLoss(temperature: 1, hardWeight: 0.5))
        // 0.5 · (200 + 200): both parts want the first class, which the student gives e^−200.
        #expect(abs(result.lossSum - 200) < 1e-3)
        #expect(gradient.allSatisfy { $0.isFinite })
    }

    @Test func `rows beyond the labels have no gradient`() {
        let loss = DistillationLoss(temperature: 2, hardWeight: 0.5)
        let (_, gradient) = Self.differentiate(
            hashed(30, salt: 5), classes: 10, labels: [1, 2], teacher: hashed(20, salt: 6), loss)
        #expect(gradient[..<20].allSatisfy { $0 != 0 } && gradient[20...].allSatisfy { $0 == 0 })
    }

    @Test func `with the labels alone a step is that of training without a teacher, to the bit`() throws {
        let model = Model.edgeCNNMedium
        let labels: [Int32] = [3, 1, 4]
        let loss = DistillationLoss(temperature: 4, hardWeight: 1)
        let targets = Self.targets(hashed(30, salt: 8).map { 20 * $0 }, classes: 10, loss)
        let (own, plain) = (try Plan(hashed: model, batch: 3), try Plan(hashed: model, batch: 3))
        own.fill(model.hashedInput(batch: 3))
        plain.fill(model.hashedInput(batch: 3))
        let result = try own.forwardBackward(labels: labels.span, targets: targets.span, of: loss)
        #expect(try result == plain.forwardBackward(labels: labels.span))
        #expect(try own.gradients == plain.gradients)
    }

    @Test func `a model's gradients agree with finite differences`() throws {
        let model = try #require(Networks.all.first { $0.name == "linear twice" })
        let plan = try Plan(hashed: model, batch: 3)
        plan.fill(model.hashedInput(batch: 3))
        let labels: [Int32] = [0, 2, 1]
        let loss = DistillationLoss(temperature: 3, hardWeight: 0.3)
        let targets = Self.targets(hashed(9, salt: 8).map { 5 * $0 }, classes: 3, loss)
        _ = try plan.forwardBackward(labels: labels.span, targets: targets.span, of: loss)
        let gradients = try plan.gradients
        let weights = model.hashedWeights
        let direction = hashed(weights.count, salt: 77).map(Double.init)
        let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
        func mean(_ distance: Double) throws -> Double {
            let moved = zip(weights, direction).map { Float(Double($0) + distance * $1 / length) }
            try plan.load(moved.span)
            return try plan.forwardBackward(labels: labels.span, targets: targets.span, of: loss).lossSum / 3
        }
        let slope = try (mean(1e-3) - mean(-1e-3)) / 2e-3
        let expected = zip(gradients, direction).reduce(0) { $0 + Double($1.0) * $1.1 } / length
        #expect(abs(slope - expected) < 2e-3 * max(1, abs(expected)), "\(slope) and \(expected)")
    }
}
