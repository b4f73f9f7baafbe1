import Datasets
import Testing

@testable import fedmpi

@Suite struct DataLinesTests {
    @Test func `A header lists classes by their names, and of many the first and the last`() {
        #expect(DataLines.numbered([]) == nil)
        #expect(DataLines.numbered(["bag", "shoe"]) == "0 bag, 1 shoe")
        let many = (0..<100).map { "c\($0)" }
        #expect(
            DataLines.numbered(many)
                == "0 c0, 1 c1, 2 c2, 3 c3, 4 c4, 5 c5, 6 c6, 7 c7, 8 c8, 9 c9, … 99 c99 (fedmpi partition lists them)")
    }
}
