import Testing

@testable import FedCore

@Suite struct CodecTensorTests {
    @Test func `A vector has a row for each number`() {
        let vector = CodecTensor(3..<10)
        #expect(vector.rows == 7 && vector.columns == 1)
        #expect(CodecTensor(4..<4).columns == 0)
        #expect(CodecTensor(6..<30, rows: 4).columns == 6)
    }

    /// By hand: of numbers 5 … 14 in a range that begins at 2 there are three before the tensor.
    @Test func `Inside a range a tensor keeps its rows, and a part of it is a vector`() {
        let matrix = CodecTensor(5..<15, rows: 2)
        #expect(matrix.inside(2..<20, movedTo: 100) == CodecTensor(103..<113, rows: 2))
        #expect(matrix.inside(7..<20, movedTo: 0) == CodecTensor(0..<8))
        #expect(matrix.inside(0..<6, movedTo: 0) == CodecTensor(5..<6))
        #expect(matrix.inside(15..<20, movedTo: 0) == nil && matrix.inside(0..<5, movedTo: 0) == nil)
    }
}
